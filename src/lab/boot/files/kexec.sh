# Kernels that are started by kexec. $1: what is wanted, of what is in $2. The image is in the folder of the modules,
# where no boot loader looks for it: packages are unpacked, not installed, for what they run by themselves makes another
# kernel the default. In functions, set -e means nothing where somebody asks how they ended.

able() {
    command -v kexec > /dev/null || fail 'there is no kexec: have packages = ["kexec-tools"] under [prepare]'
    [ "$(cat /proc/sys/kernel/kexec_load_disabled)" = 0 ] ||
        fail 'the running kernel knows no kexec, or kernel.kexec_load_disabled is set until its next boot'
}

unpack() {
    mkdir root
    for package in *.deb; do [ ! -f "$package" ] || dpkg-deb --extract "$package" root || return; done
    for package in *.rpm; do
        [ ! -f "$package" ] || rpm2cpio "$package" | (cd root && cpio -idm --quiet --no-absolute-filenames) || return
    done
    for package in *.tar *.tar.* *.tgz; do
        [ ! -f "$package" ] || tar -xf "$package" -C root --no-same-owner || return
    done
    for folder in boot lib usr; do [ ! -d "$folder" ] || cp -a "$folder" root/ || return; done
}

# $2 is the release.
complete() {
    modules=/lib/modules/$1
    # Of an earlier build of that release.
    [ "$1" = "$(uname -r)" ] || rm -rf "$modules"
    mkdir -p "$modules"
    for part in root/lib/modules root/usr/lib/modules; do
        [ ! -d "$part/$1" ] || cp -a "$part/$1/." "$modules" || return
    done
    for image in "root/boot/vmlinuz-$1" "root/boot/vmlinux-$1" "$modules/vmlinux"; do
        [ -f "$modules/vmlinuz" ] || [ ! -f "$image" ] || cp "$image" "$modules/vmlinuz" || return
    done
    # mkinitramfs looks for it there.
    [ ! -f "root/boot/config-$1" ] || cp "root/boot/config-$1" /boot/ || return
    [ -f "$modules/vmlinuz" ] || fail "there is no image of $1 in it"
    chown -R 0:0 "$modules"
    depmod "$1" || return
    rm -f "$modules/initrd"
    if command -v mkinitramfs; then
        mkinitramfs -o "$modules/initrd" "$1" || return
    elif command -v dracut; then
        dracut --force --kver "$1" "$modules/initrd" || return
    fi
    sync
}

case $1 in
install)
    able
    install_package "$2"
    ;;
check)
    able
    kexec --version
    ;;
load)
    kernel=/lib/modules/$2/vmlinuz
    initrd=/lib/modules/$2/initrd
    [ -f "$kernel" ] || fail "$2 is not installed"
    set -- --reuse-cmdline --append="$3"
    [ ! -f "$initrd" ] || set -- "$@" --initrd="$initrd"
    kexec -a -l "$kernel" "$@"
    [ "$(cat /sys/kernel/kexec_loaded)" = 1 ] || fail 'kexec said OK, and no kernel is loaded'
    ;;
start)
    sync
    if [ -d /run/systemd/system ]; then systemctl kexec; else kexec -e; fi
    ;;
esac
