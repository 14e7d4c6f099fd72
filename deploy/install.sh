#!/usr/bin/env bash
# Installs Defender Bridge as a systemd service on Debian or Amazon Linux. Run it again to upgrade. It is in the repository and in
# the tarball that deploy/packages/build.sh makes.
set -euo pipefail

usage() {
    cat <<'EOF'
Usage: install.sh [--root DIRECTORY] [PROGRAM]
       install.sh [--root DIRECTORY] --rollback
       install.sh [--root DIRECTORY] --uninstall

Installs PROGRAM (default: the one beside install.sh, or .build/release/defender-bridge) as a systemd service with its own user,
an example configuration if none exists, and completions for bash, zsh and fish. Restarts a running service if the program
accepts its configuration; no connection is refused meanwhile. Otherwise nothing changes.

  --rollback        Return to the program before the last upgrade, and restart the service.
  --uninstall       Remove program and service. Configuration, data and user stay.
  --root DIRECTORY  Install into the system in DIRECTORY, for example an image. Start nothing.
EOF
}

program="" root="" rollback=false uninstall=false
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit ;;
        --rollback) rollback=true ;;
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
for default in "$here/defender-bridge" "$here/../.build/release/defender-bridge"; do
    [ -n "$program" ] || [ ! -x "$default" ] || program=$default
done
units=(defender-bridge.socket defender-bridge.service)
# Directories of bash, zsh and fish for completions that are not part of the distribution.
declare -A completions=(
    [bash]=/usr/local/share/bash-completion/completions/defender-bridge
    [zsh]=/usr/local/share/zsh/site-functions/_defender-bridge
    [fish]=/usr/local/share/fish/vendor_completions.d/defender-bridge.fish
)
[ "$root" != / ] || root=""
installed=$root/usr/local/bin/defender-bridge
new=$root/usr/local/bin/.defender-bridge.new
previous=$root/usr/local/bin/.defender-bridge.previous
manual=$root/usr/local/share/man/man1

# Whether the target system is running systemd.
running() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

# Whether the new program accepts the configuration, read with the environment and the user of the service. systemd-run would need
# D-Bus, which servers may lack.
accepts_configuration() {
    local unit=/run/systemd/system/defender-bridge-validation.service errors=/run/defender-bridge-validation status=0
    mkdir -p "${unit%/*}"
    cat >"$unit" <<UNIT
[Service]
Type=oneshot
User=defender-bridge
WorkingDirectory=/var/lib/defender-bridge
EnvironmentFile=-/etc/defender-bridge/environment
ExecStart=$new config validate --config /etc/defender-bridge/bridge.yaml
StandardOutput=null
StandardError=truncate:$errors
UNIT
    systemctl daemon-reload
    systemctl start defender-bridge-validation.service 2>/dev/null || status=$?
    cat "$errors" >&2
    rm -f "$unit" "$errors"
    systemctl daemon-reload
    return "$status"
}

if $uninstall; then
    if running; then systemctl disable --now "${units[@]}" || true; fi
    for unit in "${units[@]}"; do
        rm -f "$root/etc/systemd/system/$unit" "$root"/etc/systemd/system/*.target.wants/"$unit"
    done
    rm -f "$installed" "$previous" "$root/usr/lib/sysusers.d/defender-bridge.conf" "$manual"/defender-bridge{,-*}.1
    for path in "${completions[@]}"; do rm -f "$root$path"; done
    if running; then systemctl daemon-reload; fi
    echo "Defender Bridge is uninstalled. Kept: $root/etc/defender-bridge, $root/var/lib/defender-bridge, and the user defender-bridge."
    exit
fi

if [ -z "$root" ] && [ -e /var/lib/dpkg/info/defender-bridge.list ] && [ -e /usr/bin/defender-bridge ]; then
    echo "install.sh: the package defender-bridge is installed; upgrade it with apt, or remove it first: apt remove defender-bridge" >&2
    exit 1
fi
if $rollback; then
    program=$previous
    if [ ! -x "$previous" ]; then
        echo "install.sh: no previous program at $previous; install the version to return to" >&2
        exit 66
    fi
elif [ ! -f "$program" ] || [ ! -x "$program" ]; then
    echo "install.sh: no program${program:+ at $program}; build it first or name it (see README.md)" >&2
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

# Renamed into place below: a running program cannot be overwritten, and must never be incomplete.
install -D -m 0755 "$program" "$new"
if running && systemctl is-active --quiet defender-bridge.service && ! accepts_configuration; then
    rm -f "$new"
    echo "install.sh: nothing changed: the program does not accept /etc/defender-bridge/bridge.yaml; correct it first" >&2
    exit 78
fi
# A repeated installation must not replace the previous program by the present one.
if [ -e "$installed" ] && ! cmp --quiet "$installed" "$new"; then ln -f "$installed" "$previous"; fi
mv "$new" "$installed"

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

for unit in "${units[@]}"; do
    install -D -m 0644 "$here/systemd/$unit" "$root/etc/systemd/system/$unit"
done

# The program of an image may not run on this system; then only completions are missing.
for shell in "${!completions[@]}"; do
    if script=$("$installed" --generate-completion-script "$shell" 2>/dev/null); then
        install -D -m 0644 /dev/stdin "$root${completions[$shell]}" <<<"$script"
    fi
done

# Only the tarball has manual pages.
if [ -d "$here/man" ]; then install -D -m 0644 --target-directory="$manual" "$here"/man/*.1; fi

if running; then
    systemctl daemon-reload
    # A service that failed with the new program is not running any more.
    if $rollback && systemctl is-enabled --quiet defender-bridge.service; then
        systemctl restart defender-bridge.service
    else
        systemctl try-restart defender-bridge.service
    fi
fi
echo "Defender Bridge is installed${root:+ in $root}."
if [ "${first:-false}" = true ]; then
    echo "Next: edit $root/etc/defender-bridge/bridge.yaml, then run: systemctl enable --now ${units[*]}"
fi
