# Has the kernels of every boot set these, and sets them now, and says which were not so. $1: lines as
# /etc/sysctl.d has them.
set -e
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
file=/etc/sysctl.d/90-melbot.conf
if [ "$(cat "$file" 2> /dev/null)" != "$1" ]; then
    mkdir -p /etc/sysctl.d
    printf '%s\n' "$1" > "$file"
fi
printf '%s\n' "$1" | while IFS= read -r line; do
    name=${line%% = *} value=${line#* = }
    # The kernel separates the numbers of a list by tabs.
    is=$(sysctl -n -- "$name" | tr '\t' ' ')
    if [ "$is" != "$value" ]; then
        sysctl -q -w -- "$name=$value"
        echo "set $name from $is to $value"
    fi
done
