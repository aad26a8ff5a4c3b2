#!/bin/sh
# Fetches what urlboot is built from and Debian packages only as source: lwIP, 7-Zip's SHA-256, edk2's headers.
# Usage: lib/fetch.sh DEST        unpacks into DEST/lwip DEST/7zip DEST/edk2, lists them in DEST/VERSIONS
# apt verifies the archive's signature with Debian's keyring, and the hashes below pin the upstream tarballs.
# The system's apt configuration is left alone: own sources file, own state; but the machine's Debian mirror
# and proxy settings are used. Does not handle: machines without apt (unpack by hand, THIRD_PARTY=dir).
set -eu

DEST=${1:?usage: lib/fetch.sh DEST}
OFFICIAL=http://deb.debian.org/debian
RECIPE=1        # raise it when what is unpacked changes: old trees are then fetched again

# package, suite, folders and files taken, SHA-256 of the upstream tarball. Versions move with Debian's point
# releases, so a version is not pinned but its tarball is: a new one has to be looked at once.
PACKAGES='
lwip trixie   src,COPYING                         83729c274c499d3348e9fbbe043a3113f3fa8953e7efddc7c21c7fcbb1f2b7b1
7zip bookworm C                                   ae0caa31cd8b95b25ede66e048781a268748f8342fbdf273ba9d91f7b4468022
edk2 bookworm MdePkg/Include,License.txt          64257dd8a2778c969b8a869cd3b6eda2db2a346bfcf24dc729859745968f1fd6
'

die()
{
    echo "fetch.sh: $*" >&2
    echo "fetch.sh: to build without it, unpack the trees yourself and call make THIRD_PARTY=dir" >&2
    exit 1
}

stamp="recipe $RECIPE $(printf '%s' "$PACKAGES" | sha256sum | cut -c1-16)"
if [ "$(cat "$DEST/.stamp" 2>/dev/null || true)" = "$stamp" ]; then
    exit 0
fi

for tool in apt-get tar xz patch sha256sum; do
    command -v $tool >/dev/null 2>&1 || die "$tool is missing; 'sh tests/setup.sh build' installs what the build needs"
done

keyring=
for k in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
    [ -r $k ] && keyring=$k && break
done
[ -n "$keyring" ] || die "Debian's archive keys are missing; install debian-archive-keyring"

mkdir -p "$DEST"
DEST=$(cd "$DEST" && pwd)
work=$DEST/.fetch
rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/tar"
: >"$work/versions"

# The machine's own mirrors of the Debian archive first, then the official name.
mirrors=$(apt-get indextargets --format '$(LABEL) $(SITE)' 'Created-By: Packages' 2>/dev/null |
          sed -n 's/^Debian \(http.*\)/\1/p' | sort -u || true)
case " $mirrors " in *"$OFFICIAL"*) ;; *) mirrors="$mirrors $OFFICIAL" ;; esac

# Runs apt-get with our own sources file and state.
apt_get()
{
    apt-get -q -o Dir::Etc::sourcelist="$work/src.sources" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Get::List-Cleanup=false "$@"
}

# Downloads every source package from mirror $1 into $work/tar.
download_from()
{
    cat >"$work/src.sources" <<SOURCES
Types: deb-src
URIs: $1
Suites: bookworm trixie
Components: main
Signed-By: $keyring
SOURCES
    apt_get update >"$work/log" 2>&1 || return 1
    # apt-get update only warns when a suite cannot be read.
    ! grep -q '^[EW]: Failed to fetch' "$work/log" || return 1
    echo "$PACKAGES" | while read -r name suite _; do
        [ -z "$name" ] || echo "$name/$suite"
    done >"$work/wanted"
    # shellcheck disable=SC2046 # one word a package
    (cd "$work/tar" && apt_get source --download-only $(cat "$work/wanted")) >>"$work/log" 2>&1
}

from=
for mirror in $mirrors; do
    echo "fetch.sh: source packages from $mirror"
    if download_from "$mirror"; then
        from=$mirror
        break
    fi
    sed 's/^/    /' "$work/log" | tail -n 5 >&2
    echo "fetch.sh: $mirror does not have everything" >&2
done
[ -n "$from" ] || die "no Debian mirror delivered the source packages (messages above)"

# Applies Debian's patches of package $1 in the current folder; they are fixes its maintainers vouch for.
apply_patches()
{
    debian=$(ls "$work/tar/$1"_*.debian.tar.xz)
    mkdir -p "$work/patches-$1"
    tar -xJf "$debian" -C "$work/patches-$1" debian/patches
    sed 's/#.*//' "$work/patches-$1/debian/patches/series" | while read -r p _; do
        [ -z "$p" ] || patch -p1 -s --no-backup-if-mismatch <"$work/patches-$1/debian/patches/$p" ||
            die "Debian's patch $p does not apply to $1"
    done
}

# Unpacks the parts $2 (comma separated) of package $1, whose tarball must have SHA-256 $3.
unpack()
{
    orig=$(ls "$work/tar/$1"_*.orig.tar.*)
    version=$(basename "$work/tar/$1"_*.dsc .dsc)
    got=$(sha256sum "$orig" | cut -d' ' -f1)
    if [ "$got" != "$3" ]; then
        [ "${FETCH_UNPINNED:-}" = 1 ] || die "$(basename "$orig") has SHA-256 $got, not the pinned $3." \
            "Debian's signature over it is good, so this is probably a newer release: look at it, then" \
            "pin the new hash in lib/fetch.sh (or FETCH_UNPINNED=1 to try it)"
        echo "fetch.sh: warning: $(basename "$orig") is not the pinned tarball" >&2
    fi
    mkdir -p "$work/full-$1"
    tar -xf "$orig" -C "$work/full-$1" --strip-components=1
    if [ "$1" = lwip ]; then
        (cd "$work/full-$1" && apply_patches "$1")
    fi
    rm -rf "${DEST:?}/$1"
    echo "$2" | tr , '\n' | while read -r part; do
        [ -e "$work/full-$1/$part" ] || die "$version has no $part"
        mkdir -p "$(dirname "$DEST/$1/$part")"
        cp -r "$work/full-$1/$part" "$DEST/$1/$part"
    done
    echo "$version" >>"$work/versions"
    echo "fetch.sh: $version"
}

echo "$PACKAGES" | while read -r name _ parts hash; do
    [ -z "$name" ] || unpack "$name" "$parts" "$hash"
done

mv "$work/versions" "$DEST/VERSIONS"
rm -rf "$work"
printf '%s\n' "$stamp" >"$DEST/.stamp"
