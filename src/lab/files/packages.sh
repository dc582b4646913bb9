# Installs those of the packages that are missing, and says which. $@: their names.
set -e
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
missing=
if [ -e /etc/debian_version ]; then
    manager=apt-get
    here() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2> /dev/null | grep -qx installed; }
else
    for manager in zypper dnf none; do command -v $manager > /dev/null && break; done
    here() { rpm -q --whatprovides "$1" > /dev/null 2>&1; }
fi
for name in "$@"; do here "$name" || missing="$missing $name"; done
[ -n "$missing" ] || exit 0
# Names of packages have neither blanks nor what the shell reads.
case $manager in
apt-get)
    apt-get update -qq > /dev/null
    apt-get install -qq --yes --no-install-recommends -- $missing > /dev/null
    ;;
zypper) zypper --quiet --non-interactive install --no-recommends -- $missing > /dev/null ;;
dnf) dnf --quiet --assumeyes --setopt=install_weak_deps=False install -- $missing > /dev/null ;;
*)
    echo 'there is neither apt-get nor zypper nor dnf' >&2
    exit 1
    ;;
esac
for name in $missing; do
    here "$name" || { echo "$manager was asked for $name and did not install it" >&2; exit 1; }
    echo "installed $name"
done
