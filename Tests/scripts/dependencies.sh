#!/usr/bin/env bash
# Functions that install missing dependencies of build, tests and demo. Source it in the repository's root.

# Installs Debian packages that are missing.
install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    echo "Installing ${missing[*]}"
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Unpacks Debian packages into .build/packages without installing them, because they conflict with installed ones.
unpack_packages() {
    local folder=.build/packages as_root=() file
    [ -e "$folder" ] && return
    echo "Unpacking $*"
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    rm -rf "$folder.new"
    mkdir -p "$folder.new/archives"
    (cd "$folder.new/archives" && apt-get download -qq "$@" 2>/dev/null)
    for file in "$folder.new"/archives/*.deb; do
        dpkg-deb --extract "$file" "$folder.new"
    done
    mv "$folder.new" "$folder"
}

# Virtual environment for missing Python modules.
python_environment=$PWD/.build/python
export PATH="$python_environment/bin:$PATH"

# Makes Python modules importable by python3. Takes pairs module=package.
install_python() {
    local pair modules=() packages=()
    for pair in "$@"; do
        modules+=("${pair%%=*}")
        packages+=("${pair#*=}")
    done
    python3 -c "import $(
        IFS=,
        echo "${modules[*]}"
    )" 2>/dev/null && return
    echo "Installing ${packages[*]} into $python_environment"
    python3 -m venv "$python_environment"
    "$python_environment/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
}

# Dependencies of the program, to build and run.
install_build_packages() {
    install_packages libuv1-dev libcurl4-openssl-dev libssl-dev libpq-dev libsqlite3-dev zlib1g-dev pkg-config ca-certificates
}

# Release build with the options of the Dockerfile, so that one build serves all.
release_build() { swift build --configuration release --static-swift-stdlib "$@"; }
