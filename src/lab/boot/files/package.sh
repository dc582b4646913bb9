# What is done with packages of kernels on a machine, whatever boots it.
set -e
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH="$PATH:/usr/sbin:/sbin"

fail() {
    echo "$1" >&2
    exit 1
}

contents() {
    for package in *.deb; do [ ! -f "$package" ] || dpkg-deb --contents "$package"; done
    for package in *.rpm; do [ ! -f "$package" ] || rpm -qlp "$package" 2> /dev/null; done
    for package in *.tar *.tar.* *.tgz; do [ ! -f "$package" ] || tar -tf "$package"; done
    find boot lib usr 2> /dev/null || true
}

release() {
    contents > contents.list
    sed -n -e 's|.*boot/vmlinu[xz]-||p' -e 's|.*lib/modules/\([^/]*\)/vmlinu[xz]$|\1|p' contents.list |
        sort -u > releases.list
    case $(wc -l < releases.list) in
    0) fail 'there is no kernel in it' ;;
    1) cat releases.list ;;
    *) fail "there are several kernels in it: $(tr '\n' ' ' < releases.list)" ;;
    esac
}

# In the folder $1, by what `unpack` and `complete` of the script do.
install_package() {
    cd "$1"
    release=$(release)
    unpack > unpack.log 2>&1 || { tail -n 1 unpack.log >&2; exit 1; }
    complete "$release" > complete.log 2>&1 || { tail -n 1 complete.log >&2; exit 1; }
    cd /
    rm -rf "$1"
    echo "$release"
}
