# What the checks need from the machine: found, or installed with apt-get where that asks nobody, or named.
# Sourced, not run.
# shellcheck shell=bash

need_rust() {
  command -v cargo >/dev/null || { echo "ops/test: Rust is missing: https://rustup.rs" >&2; exit 1; }
  command -v cc >/dev/null || { echo "ops/test: a C compiler is missing (Debian: apt-get install gcc libc6-dev)" >&2; exit 1; }
  cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return
  if command -v rustup >/dev/null; then
    rustup component add rustfmt clippy
  else
    echo "ops/test: rustfmt or clippy is missing: install them with this Rust toolchain" >&2
    exit 1
  fi
}

# The newest server's folder of programs, on Debian and Ubuntu outside the PATH.
postgres_programs() {
  local folder
  folder=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  if [ -n "$folder" ] && [ -x "$folder/initdb" ]; then echo "$folder"; return; fi
  folder=$(command -v initdb) && dirname "$(readlink -f "$folder")"
}

browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

browser_driver() { command -v chromedriver || command -v chromium.chromedriver; }

# The module of a PKCS#11 token in software.
softhsm() { find /usr/lib -name libsofthsm2.so 2>/dev/null | sort | head -n 1 | grep .; }

python_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

# Debian's names; on Ubuntu Chromium has another.
test_packages() {
  postgres_programs >/dev/null || echo postgresql
  python_venv || echo python3-venv
  command -v node >/dev/null || echo nodejs
  command -v npm >/dev/null || echo npm
  command -v age >/dev/null || echo age
  { command -v softhsm2-util && softhsm; } >/dev/null || echo softhsm2
  local prefix=chromium driver=chromium-driver
  if grep -qs '^ID=ubuntu' /etc/os-release; then prefix=chromium-browser driver=chromium-chromedriver; fi
  browser >/dev/null || echo "$prefix"
  browser_driver >/dev/null || echo "$driver"
}

# need_packages LISTING: installs what the function LISTING names, as Debian's packages; it names what is missing.
need_packages() {
  local listing=$1 wanted as_root=() me
  me=ops/$(basename "$0")
  mapfile -t wanted < <("$listing")
  [ ${#wanted[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    echo "$me: missing: ${wanted[*]} (names of Debian's packages). Install them, for instance with" >&2
    echo "  sudo apt-get install ${wanted[*]}" >&2
    [ "$me" != ops/test ] || echo "or run ops/test --quick, which needs none of them." >&2
    exit 1
  fi
  echo "== installing ${wanted[*]}"
  {
    "${as_root[@]}" apt-get update -q &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${wanted[@]}"
  } >"$logs/apt-get.log" 2>&1 || {
    tail -n 30 "$logs/apt-get.log" >&2
    exit 1
  }
  mapfile -t wanted < <("$listing")
  [ ${#wanted[@]} = 0 ] || { echo "$me: still missing after apt-get: ${wanted[*]}" >&2; exit 1; }
}
