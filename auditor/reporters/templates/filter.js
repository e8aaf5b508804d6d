"use strict";
// Hides what the filters leave out. The findings are in the document already: nothing here makes markup.
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const byId = (id) => document.getElementById(id);
  const fields = form.elements;
  const list = (root, selector) => Array.from(root.querySelectorAll(selector));

  const sections = list(document, ".standing").map((element) => ({
    element, status: element.dataset.status, total: element.querySelector(".total"), groups: list(element, ".group").map((group) => ({
      element: group, ns: group.dataset.ns, total: group.querySelector(".total"), count: -1, lists: list(group, ".rows").map((rows) => ({
        element: rows, rows: Array.from(rows.children, (row) => ({
          element: row, severity: row.dataset.s, check: row.dataset.c, fresh: row.dataset.new === "1", cluster: row.dataset.cluster || "",
          text: "", wanted: true, hidden: false,
        })), count: -1,
      })),
    })),
  }));
  const all = sections.flatMap((section) => section.groups.flatMap((group) => group.lists.flatMap((one) => one.rows)));
  const number = (count) => count.toLocaleString("en");
  const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const part = (count, of) => (count === of ? number(of) : `${number(count)} of ${number(of)}`);

  // A row's text is read when somebody first searches, or before that when the browser has nothing to do.
  let read = 0;
  const readTexts = (until) => {
    while (read < all.length && until()) {
      all[read].text = all[read].element.textContent.toLowerCase();
      read += 1;
    }
  };
  const idle = (deadline) => {
    readTexts(() => deadline.timeRemaining() > 2);
    if (read < all.length) requestIdleCallback(idle);
  };
  if (window.requestIdleCallback) requestIdleCallback(idle);

  const checked = (name) => list(form, `input[name=${name}]:checked`).map((box) => box.value);
  const chosen = (name) => (fields[name] && fields[name].value !== "*" ? fields[name].value.slice(1) : null);
  const criteria = () => ({
    words: fields.q.value.toLowerCase().split(/\s+/).filter(Boolean),
    ns: chosen("ns"), check: chosen("check"), cluster: chosen("cluster"),
    severity: new Set(checked("severity")), status: new Set(checked("status")), fresh: checked("new").length > 0,
  });

  // Rows that are seen at once follow a filter at once, the others when there is time: hiding thousands costs a browser
  // far more than finding out which. A list without a match is hidden as a whole and needs none of it.
  const AT_ONCE = 100;
  const SLICE = 6;
  let pending = [];
  let slice = 0;
  // What is out of sight is not laid out: its height is reckoned from the number of its rows.
  const resize = (box, count) => {
    if (box.count === count) return;
    if ((box.count === 0) !== (count === 0)) box.element.hidden = count === 0;
    if (count) box.element.style.setProperty("--n", String(count));
    box.count = count;
  };
  const settle = (rows) => {
    for (const row of rows) {
      if (row.hidden === row.wanted) {
        row.hidden = !row.wanted;
        row.element.hidden = row.hidden;
      }
    }
  };
  const settleSome = () => {
    const end = performance.now() + SLICE;
    while (pending.length && performance.now() < end) settle(pending.shift().rows);
    slice = pending.length ? setTimeout(settleSome) : 0;
  };
  const settleAll = () => {
    for (const one of pending.splice(0)) settle(one.rows);
  };

  const apply = () => {
    const want = criteria();
    if (want.words.length) readTexts(() => true);
    const fits = (row) =>
      (want.check === null || row.check === want.check)
      && (want.severity.size === 0 || want.severity.has(row.severity))
      && (!want.fresh || row.fresh)
      && (want.cluster === null || row.cluster === want.cluster)
      && want.words.every((word) => row.text.includes(word));
    let shown = 0;
    pending = [];
    clearTimeout(slice);
    for (const section of sections) {
      const statusFits = want.status.size === 0 || want.status.has(section.status);
      let inSection = 0;
      let sectionSize = 0;
      for (const group of section.groups) {
        const groupFits = statusFits && (want.ns === null || group.ns === want.ns);
        let inGroup = 0;
        let groupSize = 0;
        for (const one of group.lists) {
          let count = 0;
          groupSize += one.rows.length;
          if (groupFits) {
            for (const row of one.rows) {
              row.wanted = fits(row);
              count += row.wanted ? 1 : 0;
            }
          }
          if (count && shown + inSection + inGroup < AT_ONCE) settle(one.rows);
          else if (count) pending.push(one);
          if (groupFits) resize(one, count);
          inGroup += count;
        }
        resize(group, inGroup);
        if (inGroup) write(group.total, part(inGroup, groupSize));
        inSection += inGroup;
        sectionSize += groupSize;
      }
      section.element.hidden = inSection === 0;
      write(section.total, part(inSection, sectionSize));
      shown += inSection;
    }
    if (pending.length) slice = setTimeout(settleSome);
    const filtered = form.matches(":has(:checked[type=checkbox])") || want.words.length > 0 || [want.ns, want.check, want.cluster].some((value) => value !== null);
    byId("nothing").hidden = shown > 0;
    byId("reset").disabled = !filtered;
    write(byId("count"), part(shown, all.length));
    write(byId("shown"), filtered ? `${number(shown)} of ${number(all.length)} shown` : `all ${number(all.length)} shown`);
    later(`${number(shown)} of ${number(all.length)} findings shown`);
  };

  // What a listener hears, and the address that leads here again, follow when the typing stops.
  let timer = 0;
  const later = (said) => {
    clearTimeout(timer);
    timer = setTimeout(() => { byId("said").textContent = said; remember(); }, 400);
  };
  const names = ["q", "ns", "check", "cluster", "severity", "status", "new"];
  let remembered = false;
  const remember = () => {
    const pairs = [...new FormData(form)].filter(([name, value]) => value !== "*" && value !== "" && names.includes(name));
    if (!pairs.length && !remembered) return;
    remembered = pairs.length > 0;
    try {
      history.replaceState(null, "", `#${pairs.length ? `?${new URLSearchParams(pairs)}` : "findings"}`);
    } catch { /* A sandboxed frame has no address of its own. */ }
  };
  const set = (wanted) => {
    for (const field of fields) {
      if (field.type === "checkbox") field.checked = (wanted[field.name] || []).includes(field.value);
      else if (field.name === "q") field.value = (wanted.q || [""])[0];
      else if (field.name) field.value = (wanted[field.name] || ["*"])[0];
      if (field.selectedIndex === -1) field.value = "*";
    }
    apply();
  };

  // What fits is read from its beginning.
  const anew = () => {
    apply();
    const findings = byId("findings");
    if (findings.getBoundingClientRect().top < 0) findings.scrollIntoView({ behavior: "instant" });
  };
  let frame = 0;
  const soon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(anew);
  };
  form.addEventListener("input", soon);
  form.addEventListener("reset", () => setTimeout(anew));
  addEventListener("beforeprint", settleAll);
  form.addEventListener("submit", (event) => event.preventDefault());

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.go");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { ns, severity, check, status } = link.dataset;
    set({
      ns: ns === undefined ? [] : [`=${ns}`], check: check === undefined ? [] : [`=${check}`],
      severity: severity ? [severity] : [], status: status ? [status] : [], new: link.dataset.new ? ["1"] : [],
    });
    byId("findings").scrollIntoView();
    byId("findings-title").focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    fields.q.focus();
    fields.q.select();
  });

  const arrive = () => {
    const hash = location.hash;
    if (hash.startsWith("#?")) {
      const wanted = {};
      for (const [name, value] of new URLSearchParams(hash.slice(2))) (wanted[name] ||= []).push(value);
      set(wanted);
      byId("findings").scrollIntoView();
      return;
    }
    const target = hash.startsWith("#f-") && byId(hash.slice(1));
    if (!target) return;
    if (!target.checkVisibility()) form.reset();
    target.querySelector("details").open = true;
    setTimeout(() => target.scrollIntoView({ block: "center" }));
  };
  addEventListener("hashchange", arrive);

  form.hidden = false;
  apply();
  clearTimeout(timer);
  const bar = () => {
    const sticky = getComputedStyle(form).position === "sticky";
    document.documentElement.style.setProperty("--bar", sticky ? `${form.offsetHeight}px` : "0px");
  };
  new ResizeObserver(bar).observe(form);
  arrive();
})();
