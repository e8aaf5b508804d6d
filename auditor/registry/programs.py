"""Programs by name that may be told of a build: what is on no list is not repeated, since any word may be a secret."""

from __future__ import annotations

import re

SHELLS = frozenset(
    "ash bash busybox cmd csh dash elvish fish git-shell ksh lksh mksh nu oksh osh powershell pwsh rbash sash sh tcsh "
    "toybox xonsh yash zsh".split()
)
"""What takes commands."""

_BUILDERS = (
    "apko aptly bazel buildah buildkitd buildpack chisel debian.sh debootstrap debos distrobuilder dockerize img "
    "jib kaniko kiwi ko lifecycle melange mkosi mmdebstrap multistrap nix nixpacks pack packer podman rockcraft "
    "rpm-ostree skopeo umoci"
)
_PACKAGES = (
    "alternatives apk appstreamcli apt apt-cache apt-config apt-get apt-key apt-mark aptitude brew bun bundle "
    "bundler cabal cargo choco composer conan conda corepack cpan cpanm debconf-set-selections dnf dnf5 "
    "docker-php-ext-configure docker-php-ext-enable docker-php-ext-install docker-php-source dpkg dpkg-deb "
    "dpkg-query dpkg-reconfigure dpkg-source easy_install emerge eopkg equery flatpak gdebi gem go guix helm hex "
    "install_packages ipkg luarocks mamba microdnf micromamba mix moss mvn nimble nix-channel nix-collect-garbage "
    "nix-env nix-shell nix-store npm npx nuget opam opkg pacman paru pear pecl pip pip2 pip3 pipenv pipx pkg "
    "pkg_add pkgin pnpm poetry portage rpm rpm2cpio rpmdb rpmkeys ruby-build rustup sdkmanager slackpkg snap "
    "stack subscription-manager swupd tdnf tlmgr update-alternatives update-rc.d urpmi uv uvx vcpkg xbps-install "
    "yarn yarnpkg yay yum yum-builddep yum-config-manager zypper"
)
_LANGUAGES = (
    "ant as autoconf autogen.sh automake autoreconf bison c++ cc clang clang++ cmake configure cpack cpp ctest "
    "cython dart deno dotnet elixir erl flex flutter g++ gcc gfortran ghc gmake gradle gradlew groovy jar java "
    "javac jlink julia kotlinc ld libtoolize lua luajit make meson msbuild mvnw nasm ninja node nodejs octave "
    "perl php phpize pkg-config protoc pypy pypy3 python python2 python3 r racket rake rscript ruby rustc sbt "
    "scala swift swiftc tclsh tox tsc virtualenv waf wish xmake yasm zig"
)
_NETWORK = (
    "aria2c aws az azcopy curl dig docker fetch ftp gcloud gh git git-lfs glab gsutil hg host http kubectl lftp "
    "lynx mc nc ncat netcat nmap nslookup oc oras ping rclone rsync scp sftp socat ssh ssh-keygen ssh-keyscan "
    "sshd svn tcpdump telnet terraform vault wget wget2"
)
_FILES = (
    "7z 7za ar awk base64 basename bunzip2 bzip2 cat chattr chgrp chmod chown chroot cksum cmp comm cp cpio "
    "csplit cut dd df diff dirname dos2unix du echo egrep envsubst expand expr false fgrep file find fold fsck "
    "gawk getent getfacl gpg gpg2 gpgconf gpgv grep groupadd groupdel groupmod gunzip gzip head hexdump iconv id "
    "install jq ldconfig ldd less ln locale locale-gen localedef ls lz4 md5sum mkdir mkfifo mknod mktemp more "
    "mount mv nl od openssl paste patch patchelf pathchk pr printenv printf pwd readelf readlink realpath rename "
    "rm rmdir sed seq setcap setfacl sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sort split stat "
    "strings strip sum sync tac tail tar tee test touch tr tree true truncate tsort umount unexpand uniq unlink "
    "unlzma unxz unzip update-ca-certificates update-ca-trust vi vim wc which whoami xargs xxd xz yes yq zcat zip "
    "zstd"
)
_SYSTEM = (
    "a2dismod a2enmod a2ensite addgroup adduser alias apache2ctl arch bg catatonit cd chage chpasswd chsh command "
    "crontab date dbus-uuidgen delgroup deluser doas dumb-init env eval exec exit export fc-cache fg getopts "
    "glib-compile-schemas gosu groups hash history hostname hostnamectl httpd initdb invoke-rc.d jobs kill "
    "killall ldapadd let ln localectl logger login mandb mkhomedir_helper modprobe mysql mysqld newgrp newusers "
    "nginx nice nohup nologin passwd pidof pkill postgres ps psql pwck read redis-server return s6-overlay "
    "service set setpriv setsid shift shopt sleep source ssl-cert su su-exec sudo supervisord sysctl systemctl "
    "systemd-tmpfiles timeout tini trap type tzselect ulimit umask unalias uname unset update-locale useradd "
    "userdel usermod visudo wait xvfb-run"
)
KNOWN = SHELLS.union(*(names.split() for names in (_BUILDERS, _PACKAGES, _LANGUAGES, _NETWORK, _FILES, _SYSTEM)))

_VERSION = re.compile(r"(python|pip|perl|ruby|php|gcc|g\+\+|clang|node|lua|java|pypy)-?\d+(\.\d+)*")


def program(word: str) -> str:
    """A known program's name, lower-case, of a command word with or without path; empty for any other word.

    A version is left out: `python3.12` is python.
    """
    name = re.split(r"[/\\]", word)[-1].lower().removesuffix(".exe")
    if name in KNOWN:
        return name
    versioned = _VERSION.fullmatch(name)
    return versioned[1] if versioned else ""
