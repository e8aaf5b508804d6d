// When a finding is opened: its check's remedy at hand, and buttons that copy.
(() => {
  const make = (name, text, className = "") => {
    const element = document.createElement(name);
    element.textContent = text;
    if (className) element.className = className;
    return element;
  };
  const blocks = (root) => Array.from(root.children, (block) => block.textContent).join("\n\n");
  const words = (root, selector) => (root.querySelector(selector)?.textContent || "").replace(/\s+/g, " ").trim();

  const whole = (row) => {
    const group = row.closest(".group");
    const facts = Array.from(row.querySelectorAll("dt"), (term) => `${term.textContent}: ${term.nextElementSibling.textContent}`);
    const evidence = row.querySelector(".ev");
    const fix = row.querySelector(".fix");
    return [
      `[${row.dataset.s}] ${row.dataset.c}: ${words(row, ".who")} in ${words(group, ".ns")}`,
      words(row, ".msg"), facts.join("\n"), evidence && `Evidence:\n${evidence.textContent}`, fix && `Remedy:\n${blocks(fix)}`,
    ].filter(Boolean).join("\n\n") + "\n";
  };

  const put = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Without the permission, or in a page that came over plain HTTP.
      const area = make("textarea", "", "hidden");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };
  const button = (label, text) => {
    const element = make("button", label);
    element.type = "button";
    element.addEventListener("click", async () => {
      const done = await put(text());
      element.textContent = done ? "Copied" : "Could not be copied";
      document.getElementById("said").textContent = `${label}: ${element.textContent}`;
      element.focus({ preventScroll: true });
      setTimeout(() => { element.textContent = label; }, 1500);
    });
    return element;
  };

  document.addEventListener("toggle", (event) => {
    const details = event.target;
    const row = details.parentElement;
    if (!details.open || !row.matches(".rows > li") || details.querySelector(".tools")) return;
    const more = details.querySelector(".more");
    const link = more.querySelector(".remedy");
    const check = link && document.getElementById(`c-${row.dataset.c}`);
    if (check) {
      const fix = check.querySelector("[data-fix]").cloneNode(true);
      const references = check.querySelector("[data-refs]");
      link.replaceWith(make("h5", "Remedy"), fix);
      if (references) fix.after(make("h5", "References"), references.cloneNode(true));
    }
    const tools = make("div", "", "tools");
    const evidence = more.querySelector(".ev");
    const fix = more.querySelector(".fix");
    tools.append(button("Copy finding", () => whole(row)));
    if (evidence) tools.append(button("Copy evidence", () => evidence.textContent));
    if (fix) tools.append(button("Copy remedy", () => blocks(fix)));
    more.append(tools);
  }, true);
})();
