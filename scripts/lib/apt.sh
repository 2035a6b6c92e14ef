# SPDX-License-Identifier: GPL-2.0-only
# Sourced by bash drivers, after cache.sh: an apt of our own, which finds packages of
# any Debian suite and unpacks them into the cache. Nothing is installed by it, and the
# machine's own apt stays as it is: the mirrors are those of its configuration.
# shellcheck shell=bash
: "${cache:?}"

# of_suites COMMAND...: apt's, with the suites that apt_of was told. Its configuration is in no
# variable that apt heeds: with it, an installation would be one into an empty system.
of_suites() { APT_CONFIG=${VMCLOCK_APT:?} "$@"; }

# targets: the releases that this machine's apt has, and where
targets() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		awk '$2 == "main" { print $1, $3 }'
}

# mirror SUITE TARGETS: where this machine gets suites of that sort. A mirror of the archive
# has all suites, whichever of them the machine uses.
mirror() {
	case $1 in
	*-security) awk '$1 ~ /-security$/ { print $2; exit }' <<<"$2" ;;
	*)
		# Its own name without -security tells the archive from third parties.
		awk '{ uri[$1] = $2 } END {
			for (s in uri) if (s ~ /-security$/) {
				sub(/-security$/, "", s); print uri[s]; exit
			}
		}' <<<"$2"
		;;
	esac
}

# whole FILE: is what comes in; who reads it meanwhile has the old one or the new one
whole() { cat >"$1.new.$$" && mv "$1.new.$$" "$1"; }

# apt_of SUITE...: what of_suites sees from here on; of SUITE:src the sources, too. Their lists
# are fetched where the last time is over a day ago; without a network, older ones do.
apt_of() {
	local suite uri kinds kind targets sources=
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg

	need "$keyring=debian-archive-keyring" \
		/etc/ssl/certs/ca-certificates.crt=ca-certificates
	targets=$(targets)
	for suite; do
		kinds=deb
		case $suite in *:src) suite=${suite%:src} kinds='deb deb-src' ;; esac
		uri=$(mirror "$suite" "$targets")
		[ -n "$uri" ] || lost "this machine's apt has no mirror for $suite:" \
			"name the release and its -security in its sources, and run apt-get update"
		for kind in $kinds; do
			sources+="$kind [signed-by=$keyring] $uri $suite main"$'\n'
		done
	done
	apt=$cache/apt-$(key "$sources")
	mkdir -p "$apt/lists/partial" "$apt/archives/partial"
	export VMCLOCK_APT=$apt/apt.conf
	(
		flock 8
		printf '%s' "$sources" | whole "$apt/sources.list"
		: >>"$apt/status"
		whole "$VMCLOCK_APT" <<-X
			Dir::State "$apt";
			Dir::State::status "$apt/status";
			Dir::Cache "$apt";
			Dir::Etc::sourcelist "$apt/sources.list";
			Dir::Etc::sourceparts "/dev/null";
			Dir::Etc::preferences "$apt/preferences";
			Dir::Etc::preferencesparts "/dev/null";
			APT::Install-Recommends "0";
			APT::Sandbox::User "root";
			Acquire::Languages "none";
			Acquire::Retries "3";
		X
		# Of several suites the newest version counts, backports' too.
		printf '%s\n' 'Package: *' 'Pin: release *' 'Pin-Priority: 500' | whole "$apt/preferences"
		[ -z "$(find "$apt/fetched" -mmin -1440 2>/dev/null)" ] || exit 0
		say "fetching the package lists of $*"
		if of_suites apt-get -qq update -o APT::Update::Error-Mode=any >&2; then
			touch "$apt/fetched"
		elif [ -e "$apt/fetched" ]; then
			say "no network? the lists of $(date -r "$apt/fetched" +%F) will do"
		else
			lost "no package lists of $* (above): is there a network?"
		fi
	) 8>"$apt/lock"
}

# apt_names REGEX PACKAGE...: the packages, and those of what they depend on whose
# names match REGEX (extended, whole), as NAME=VERSION lines. Of the same lists that is the
# same, and apt is seconds about it.
apt_names() {
	local regex=$1 answer names

	answer=$apt/names-$(key "$@")
	shift
	if [ ! "$answer" -nt "$apt/fetched" ]; then
		names=$(of_suites apt-get install --simulate "$@" 2>&1 |
			sed -En 's/^Inst ([^ ]+) (\[[^]]*\] )?\(([^ ]+) .*/\1=\3/p' |
			grep -E "^($regex)=" | sort) ||
			lost "apt finds no $* in: $(cut -d']' -f2- "$apt/sources.list" | tr '\n' ';')"
		whole "$answer" <<<"$names"
	fi
	cat "$answer"
}

# apt_unpack FOLDER NAME=VERSION...
apt_unpack() {
	local folder=$1 debs=$1/.debs deb

	shift
	mkdir -p "$debs"
	(cd "$debs" && of_suites apt-get -qq download "$@")
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$folder"
	done
	rm -r "$debs"
}

# apt_source FOLDER PACKAGE=VERSION: its source as upstream has it, in FOLDER
apt_source() {
	local folder=$1 parts=$1/.parts

	mkdir -p "$parts"
	(cd "$parts" && of_suites apt-get -qq source --download-only "$2")
	tar -xf "$parts"/*.orig.tar.* -C "$folder" --strip-components=1
	rm -r "$parts"
}
