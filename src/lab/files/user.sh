# Adds a user who is missing, and those of the keys that are missing, and says so. $1: the name; then keys.
set -e
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
user=$1
shift
if ! id -u "$user" > /dev/null 2>&1; then
    useradd --create-home --shell /bin/sh -- "$user"
    echo "added user $user"
fi
[ $# -gt 0 ] || exit 0
home=$(awk -F : -v user="$user" '$1 == user { print $6 }' /etc/passwd)
file=$home/.ssh/authorized_keys
for key in "$@"; do
    ! grep -qsxF -- "$key" "$file" || continue
    [ -d "$home/.ssh" ] || install -d -m 700 -o "$user" -g "$(id -g "$user")" "$home/.ssh"
    [ -e "$file" ] || install -m 600 -o "$user" -g "$(id -g "$user")" /dev/null "$file"
    printf '%s\n' "$key" >> "$file"
    echo "added a key of $user"
done
