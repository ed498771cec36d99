# Shared by the scripts of this folder: numbered progress lines and errors that say what to do next. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
step_number=0
steps=${steps:-1}

# step "Building the program": one numbered progress line.
step() {
  step_number=$((step_number + 1))
  printf '[%d/%d] %s\n' "$step_number" "$steps" "$*"
}

# say "…": an indented line under the current step.
say() { printf '      %s\n' "$*"; }

# fail "…": what is wrong and what to do, on standard error; ends the script.
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}

# seconds_since START: whole seconds since START, a value of $SECONDS.
seconds_since() { echo "$((SECONDS - $1)) s"; }

# apt_packages [FILE]: the names listed in apt-packages.txt, or in another file of Scripts.
apt_packages() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$root/Scripts/${1:-apt-packages.txt}"; }

# swift_build OPTIONS…: a release build that shows now and then how far it is; the whole log is in .build/build.log.
swift_build() {
  mkdir -p .build
  # Lines come as "[12/60] Compiling …"; one in eight is enough to see it move.
  if ! swift build -c release "$@" 2>&1 | tee .build/build.log |
    awk '/error:|warning:|^Build complete/ || (/^\[[0-9]+\/[0-9]+\]/ && ++n % 8 == 0) { print "      " substr($0, 1, 110); fflush() }'; then
    fail "The build failed: the compiler's lines above say why, the whole log is in '.build/build.log'." \
      "On an unchanged checkout this is a fault in Ais: please report it with that log."
  fi
}
