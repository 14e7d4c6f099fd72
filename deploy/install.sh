#!/usr/bin/env bash
# Installs Defender Bridge as a systemd service on Debian or Amazon Linux. Run it again to upgrade.
set -euo pipefail

usage() {
    cat <<'EOF'
Usage: deploy/install.sh [--root DIRECTORY] [PROGRAM]
       deploy/install.sh [--root DIRECTORY] --uninstall

Installs PROGRAM (default: .build/release/defender-bridge) as a systemd service with its own user, an example configuration
if none exists, and completions for bash, zsh and fish. Restarts a running service; no connection is refused meanwhile.

  --uninstall       Remove program and service. Configuration, data and user stay.
  --root DIRECTORY  Install into the system in DIRECTORY, for example an image. Start nothing.
EOF
}

program="" root="" uninstall=false
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit ;;
        --uninstall) uninstall=true ;;
        --root)
            if [ ! -d "${2:-}" ]; then
                echo "install.sh: --root requires an existing directory" >&2
                exit 64
            fi
            root=$(cd "$2" && pwd)
            shift
            ;;
        -*) usage >&2 && exit 64 ;;
        *) program=$1 ;;
    esac
    shift
done

if [ "$(id -u)" -ne 0 ]; then
    echo "install.sh: must run as root, for example with sudo" >&2
    exit 77
fi

here=$(cd "$(dirname "$0")" && pwd)
program=${program:-$here/../.build/release/defender-bridge}
units=(defender-bridge.socket defender-bridge.service)
# Directories of bash, zsh and fish for completions that are not part of the distribution.
declare -A completions=(
    [bash]=/usr/local/share/bash-completion/completions/defender-bridge
    [zsh]=/usr/local/share/zsh/site-functions/_defender-bridge
    [fish]=/usr/local/share/fish/vendor_completions.d/defender-bridge.fish
)
[ "$root" != / ] || root=""

# Whether the target system is running systemd.
running() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

if $uninstall; then
    if running; then systemctl disable --now "${units[@]}" || true; fi
    for unit in "${units[@]}"; do
        rm -f "$root/etc/systemd/system/$unit" "$root"/etc/systemd/system/*.target.wants/"$unit"
    done
    rm -f "$root/usr/local/bin/defender-bridge" "$root/usr/lib/sysusers.d/defender-bridge.conf"
    for path in "${completions[@]}"; do rm -f "$root$path"; done
    if running; then systemctl daemon-reload; fi
    echo "Defender Bridge is uninstalled. Kept: $root/etc/defender-bridge, $root/var/lib/defender-bridge, and the user defender-bridge."
    exit
fi

if [ ! -f "$program" ] || [ ! -x "$program" ]; then
    echo "install.sh: no program at $program; build it first or name it (see README.md)" >&2
    exit 66
fi

# Runtime dependencies.
if [ -z "$root" ]; then
    if command -v apt-get >/dev/null; then
        packages=(libuv1 libcurl4 libssl3 libpq5 libsqlite3-0 zlib1g ca-certificates)
        dpkg-query --show "${packages[@]}" >/dev/null 2>&1 || {
            apt-get update -qq
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
        }
    elif command -v dnf >/dev/null; then
        dnf install -y -q libuv openssl-libs libpq sqlite-libs ca-certificates
        # Amazon Linux has libcurl-minimal, which suffices and conflicts with libcurl.
        rpm -q libcurl-minimal >/dev/null || dnf install -y -q libcurl
    else
        echo "install.sh: unknown distribution; install libuv, libcurl, OpenSSL 3, libpq and SQLite yourself" >&2
    fi
    "$program" --version >/dev/null || {
        echo "install.sh: $program does not run on this system; build it here" >&2
        exit 1
    }
fi

install -D -m 0644 "$here/systemd/sysusers.conf" "$root/usr/lib/sysusers.d/defender-bridge.conf"
systemd-sysusers --root="${root:-/}" defender-bridge.conf
group=$(awk -F: '$1 == "defender-bridge" { print $3 }' "$root/etc/group")
user=$(awk -F: '$1 == "defender-bridge" { print $3 }' "$root/etc/passwd")

install -d -m 0750 -o root -g "$group" "$root/etc/defender-bridge"
install -d -m 0700 -o "$user" -g "$group" "$root/var/lib/defender-bridge"
if [ ! -e "$root/etc/defender-bridge/bridge.yaml" ]; then
    install -m 0640 -o root -g "$group" "$here/systemd/bridge.yaml" "$root/etc/defender-bridge/bridge.yaml"
    first=true
fi

# Renamed into place: a running program cannot be overwritten, and must never be incomplete.
install -D -m 0755 "$program" "$root/usr/local/bin/.defender-bridge.new"
mv "$root/usr/local/bin/.defender-bridge.new" "$root/usr/local/bin/defender-bridge"
for unit in "${units[@]}"; do
    install -D -m 0644 "$here/systemd/$unit" "$root/etc/systemd/system/$unit"
done

# The program of an image may not run on this system; then only completions are missing.
for shell in "${!completions[@]}"; do
    if script=$("$program" --generate-completion-script "$shell" 2>/dev/null); then
        install -D -m 0644 /dev/stdin "$root${completions[$shell]}" <<<"$script"
    fi
done

if running; then
    systemctl daemon-reload
    systemctl try-restart defender-bridge.service
fi
echo "Defender Bridge is installed${root:+ in $root}."
if [ "${first:-false}" = true ]; then
    echo "Next: edit $root/etc/defender-bridge/bridge.yaml, then run: systemctl enable --now ${units[*]}"
fi
