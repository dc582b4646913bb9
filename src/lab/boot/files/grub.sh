# Kernels of a machine that GRUB boots. $1: what is wanted, of what is in $2.

# GRUB 2 has another name on the distributions that had GRUB 1 longer.
tool() {
    command -v "grub2-$1" || command -v "grub-$1" || fail "there is no grub-$1"
}

config() {
    for path in /boot/grub2/grub.cfg /boot/grub/grub.cfg; do
        [ ! -r "$path" ] || { echo "$path"; return; }
    done
    fail 'there is neither /boot/grub2/grub.cfg nor /boot/grub/grub.cfg'
}

remake() {
    "$(tool mkconfig)" -o "$(config)" > /dev/null 2>&1 || fail 'grub-mkconfig failed: run it by hand'
}

# The name by which GRUB knows the entry of a release; nothing if there is none. The first entry is that of
# the newest kernel whichever that is, so that it is taken for none.
entry() {
    for path in /boot/loader/entries/*.conf; do
        if grep -qsxF "version $1" "$path" && grep -qs blscfg "$(config)"; then
            basename "$path" .conf
            return
        fi
    done
    awk -v release="$1" '
        function name(line) {
            if (!match(line, /menuentry_id_option \047[^\047]*\047/)) return ""
            return substr(line, RSTART + 21, RLENGTH - 22)
        }
        /^submenu / { above = name($0) ">"; next }
        /^}/ { above = "" }
        /^[ \t]*menuentry / { id = name($0); usable = id != "" && id !~ /simple/ && $0 !~ /recovery|failsafe/ }
        $1 ~ /^linux/ && usable {
            image = $2
            sub(/.*\/(vmlinu[xz]|[Ii]mage|zImage|kernel)-/, "", image)
            if (image == release) { print above id; exit }
        }' "$(config)"
}

# The kernel that runs stays the default, whatever is installed after it.
keep_default() {
    if ! grep -qF 'set default="${saved_entry}"' "$(config)"; then
        sed -i '/^GRUB_DEFAULT=/d' /etc/default/grub
        echo 'GRUB_DEFAULT=saved' >> /etc/default/grub
        remake
    fi
    id=$(entry "$(uname -r)")
    [ -n "$id" ] || fail "GRUB has no entry of the running kernel, $(uname -r)"
    "$(tool set-default)" "$id"
}

unpack() {
    # Of Debian's, which has a word against it.
    [ ! -e /etc/debian_version ] || force=--force-debian
    if ls ./*.deb > /dev/null 2>&1; then
        dpkg --install --force-confold ./*.deb
    elif ls ./*.rpm > /dev/null 2>&1; then
        # Not -U, which would take the kernels away that are there.
        rpm --install --oldpackage --replacepkgs $force ./*.rpm
    else
        for package in *.tar *.tar.* *.tgz; do
            [ ! -f "$package" ] || tar -xf "$package" -C / --no-same-owner --keep-directory-symlink ||
                return
        done
        for folder in boot lib usr; do
            [ ! -d "$folder" ] || tar -cf - "$folder" | tar -xf - -C / --no-same-owner --keep-directory-symlink ||
                return
        done
    fi
}

# What packages of distributions do by themselves, and others do not. Where somebody asks how a function ended, set -e
# means nothing in it.
complete() {
    [ ! -d "/lib/modules/$1" ] || depmod "$1" || return
    if ! ls "/boot/initrd.img-$1" "/boot/initrd-$1" "/boot/initramfs-$1.img" 2> /dev/null | grep -q .; then
        if command -v update-initramfs; then
            update-initramfs -c -k "$1" || return
        elif command -v dracut; then
            dracut --force --kver "$1" || return
        fi
        remake
    fi
    [ -n "$(entry "$1")" ] || remake
    [ -n "$(entry "$1")" ] || fail "GRUB has no entry of $1"
    sync
}

case $1 in
install)
    keep_default
    install_package "$2"
    ;;
check)
    for name in mkconfig set-default reboot editenv; do tool "$name" > /dev/null; done
    id=$(entry "$(uname -r)")
    [ -n "$id" ] || fail "GRUB has no entry of the running kernel, $(uname -r)"
    echo "GRUB knows $(uname -r) as $id"
    ;;
once)
    id=$(entry "$2")
    [ -n "$id" ] || fail "GRUB has no entry of $2"
    "$(tool reboot)" "$id"
    sync
    ;;
cancel)
    # Where GRUB cannot write, it is there even after it was booted. What somebody else asked for is theirs.
    id=$(entry "$2")
    if [ -n "$id" ] && "$(tool editenv)" - list | grep -qxF "next_entry=$id"; then
        "$(tool editenv)" - unset next_entry
        sync
    fi
    ;;
esac
