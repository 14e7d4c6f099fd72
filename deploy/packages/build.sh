#!/usr/bin/env bash
# Builds packages: for Debian, as a tarball for other distributions, and one with debug information.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: deploy/packages/build.sh [--program PROGRAM] [--output DIRECTORY]

Makes these files, from a release build:

  defender-bridge_VERSION_ARCHITECTURE.deb         package for Debian 12
  defender-bridge-VERSION-linux-MACHINE.tar.xz     the same files with install.sh, for other distributions
  defender-bridge-dbgsym_VERSION_ARCHITECTURE.deb  debug information of both

  --program PROGRAM   Package this program instead of a release build.
  --output DIRECTORY  Directory of the files. Default: .build/packages.

SOURCE_DATE_EPOCH is the time of all files and the build date. Default: the time of the commit.
TEXT
}

fail() {
    echo "build.sh: $2" >&2
    exit "$1"
}

program="" output=""
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit ;;
        --program | --output)
            [ -n "${2:-}" ] || fail 64 "$1 requires a value"
            printf -v "${1#--}" %s "$(realpath --canonicalize-missing "$2")"
            shift
            ;;
        *) usage >&2 && exit 64 ;;
    esac
    shift
done
for tool in dpkg-deb:dpkg dpkg-shlibdeps:dpkg-dev objcopy:binutils python3:python3 xz:xz-utils; do
    command -v "${tool%:*}" >/dev/null || fail 69 "${tool%:*} is missing; run: sudo apt-get install -y ${tool#*:}"
done

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
output=${output:-$PWD/.build/packages}
umask 022
export TZ=UTC LC_ALL=C.UTF-8
commit=$(git describe --always --abbrev=40 --dirty --exclude='*' 2>/dev/null || true)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
# The result depends on neither the number of cores nor the order of threads.
export DPKG_DEB_THREADS_MAX=1

if [ -z "$program" ]; then
    export DEFENDER_BRIDGE_BUILD_COMMIT=$commit DEFENDER_BRIDGE_BUILD_DATE
    DEFENDER_BRIDGE_BUILD_DATE=$(date --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
    release=(--configuration release --static-swift-stdlib)
    swift build "${release[@]}" --product defender-bridge
    program=$(swift build "${release[@]}" --show-bin-path)/defender-bridge
fi
[ -x "$program" ] || fail 66 "no program at $program"
version=$("$program" --version | sed -n 's/^defender-bridge //p')
architecture=$(dpkg --print-architecture)
machine=$(uname --machine)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package=$work/package symbols=$work/symbols tree=$work/defender-bridge-$version-linux-$machine

# MARK: Files of the package

# The stripped program names its debug information by its build ID.
id=$(readelf --notes "$program" 2>/dev/null | sed -n 's/.*Build ID: //p')
[ -n "$id" ] || fail 65 "$program has no build ID; link it with --build-id"
debug=$symbols/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
install -D -m 0755 "$program" "$package/usr/bin/defender-bridge"
mkdir -p "$(dirname "$debug")"
objcopy --only-keep-debug --compress-debug-sections=zlib "$program" "$debug"
chmod 0644 "$debug"
objcopy --strip-all --remove-section=.comment --add-gnu-debuglink="$debug" "$package/usr/bin/defender-bridge"

"$program" --experimental-dump-help |
    python3 "$here/man.py" "$package/usr/share/man/man1" "$(date --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%d)" "$version"
for unit in service socket; do
    install -D -m 0644 "deploy/systemd/defender-bridge.$unit" "$package/usr/lib/systemd/system/defender-bridge.$unit"
done
sed -i 's|/usr/local/bin/|/usr/bin/|; s|man:systemd.exec(5)|man:defender-bridge(1)|' \
    "$package/usr/lib/systemd/system/defender-bridge.service"
install -D -m 0644 deploy/systemd/sysusers.conf "$package/usr/lib/sysusers.d/defender-bridge.conf"
# The group of the user, which does not exist yet, gets access by postinst.
install -D -m 0640 deploy/systemd/bridge.yaml "$package/etc/defender-bridge/bridge.yaml"
chmod 0750 "$package/etc/defender-bridge"
declare -A completions=(
    [bash]=bash-completion/completions/defender-bridge
    [zsh]=zsh/vendor-completions/_defender-bridge
    [fish]=fish/vendor_completions.d/defender-bridge.fish
)
for shell in "${!completions[@]}"; do
    # Completions are read, not run.
    "$program" --generate-completion-script "$shell" | sed '1{/^#!/d}' |
        install -D -m 0644 /dev/stdin "$package/usr/share/${completions[$shell]}"
done
install -D -m 0644 "$here/debian/copyright" "$package/usr/share/doc/defender-bridge/copyright"
maintainer="Defender Bridge maintainers <maintainers@defender-bridge.invalid>"
install -m 0644 /dev/stdin "$package/usr/share/doc/defender-bridge/changelog" <<TEXT
defender-bridge ($version) stable; urgency=medium

  * See deploy/docs/changelog.md in the repository${commit:+, at this commit:
    $commit}.

 -- $maintainer  $(date --date="@$SOURCE_DATE_EPOCH" --rfc-email)
TEXT
install -D -m 0644 "$here/debian/lintian-overrides" "$package/usr/share/lintian/overrides/defender-bridge"

# MARK: Tarball

# From the program: the newest version of glibc whose symbols it uses.
glibc=$(objdump --dynamic-syms "$program" | grep -o 'GLIBC_[0-9.]*' | sort --version-sort --unique | tail -n 1)
mkdir "$tree" "$tree/man"
cp "$package/usr/bin/defender-bridge" deploy/install.sh "$here/debian/copyright" "$tree"
cp "$package"/usr/share/man/man1/*.1 "$tree/man"
mkdir "$tree/systemd"
cp deploy/systemd/* "$tree/systemd"
cat >"$tree/README" <<TEXT
Defender Bridge $version for Linux on $machine

Requires glibc ${glibc#GLIBC_} or later (ldd --version), systemd, libuv 1, libcurl 4, OpenSSL 3, libpq 5, SQLite 3, zlib and
the certificates of public certificate authorities. On Debian 12, install the package instead.

  sudo ./install.sh               installs the program as a systemd service, and upgrades it
  sudo ./install.sh --rollback    returns to the program before the last upgrade
  sudo ./install.sh --uninstall   removes program and service; configuration and data stay
TEXT
mkdir -p "$output"
tar --create --directory "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
    --mode='u+rw,go=rX' "${tree##*/}" | xz --threads=1 >"$output/${tree##*/}.tar.xz"

# MARK: Debian packages

gzip --best --no-name "$package"/usr/share/man/man1/*.1 "$package/usr/share/doc/defender-bridge/changelog"

# Writes the control files of a directory, and makes its package.
make_package() {
    local root=$1 name=$2
    mkdir "$root/DEBIAN"
    (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort --zero-terminated | xargs --null md5sum) \
        >"$root/DEBIAN/md5sums"
    cat - >"$root/DEBIAN/control" <<TEXT
Package: $name
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du --apparent-size --summarize --block-size=1024 --exclude=DEBIAN "$root" | cut --fields=1)
$(cat)
TEXT
    if [ "$name" = defender-bridge ]; then
        echo /etc/defender-bridge/bridge.yaml >"$root/DEBIAN/conffiles"
        install -m 0755 "$here"/debian/{preinst,postinst,prerm,postrm} "$root/DEBIAN"
    fi
    dpkg-deb --root-owner-group --build "$root" "$output/${name}_${version}_$architecture.deb" >/dev/null
}

# dpkg-shlibdeps requires a source package.
mkdir -p "$work/source/debian"
printf 'Source: defender-bridge\n\nPackage: defender-bridge\nArchitecture: any\n' >"$work/source/debian/control"
libraries=$(cd "$work/source" && dpkg-shlibdeps -O --ignore-missing-info "$package/usr/bin/defender-bridge" 2>/dev/null)
make_package "$package" defender-bridge <<TEXT
Section: admin
Priority: optional
Depends: ${libraries#shlibs:Depends=}, ca-certificates, systemd
Description: import AWS IoT Device Defender findings into AWS Security Hub
 Receives the messages of AWS IoT Device Defender and of other sources, stores
 them durably, and keeps the findings in AWS Security Hub up to date: each open
 one is active exactly once, and each one that ended is archived.
TEXT
make_package "$symbols" defender-bridge-dbgsym <<TEXT
Section: debug
Priority: optional
Depends: defender-bridge (= $version)
Auto-Built-Package: debug-symbols
Build-Ids: $id
Description: debug information of defender-bridge
TEXT
ls --size --human-readable -1 "$output"/*"$version"*
