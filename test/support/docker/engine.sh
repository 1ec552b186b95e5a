#!/usr/bin/env bash
# A Docker Engine with Compose for the tests, on Debian and as root:
#   test/support/docker/engine.sh start    installs what is missing and starts the daemon
#   test/support/docker/engine.sh stop     ends the daemon if `start` started it by hand
# What answers already is used as it is. Nothing but the Debian archive is needed.
set -euo pipefail
state=${XDG_CACHE_HOME:-$HOME/.cache}/studio-test-engine
archive=/usr/share/keyrings/debian-archive-keyring.gpg

answers() { docker info >/dev/null 2>&1; }

install_engine() {
  local packages=()
  command -v dockerd >/dev/null || packages+=(docker.io iptables)
  command -v mmdebstrap >/dev/null || packages+=(mmdebstrap)
  [ ${#packages[@]} = 0 ] && return
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$state/install.log" 2>&1
}

# Debian has version 2 of Compose from its release 13 (trixie) on. Where this machine's is older, the
# plugin alone is taken from there, with lists of its own: apt's own configuration stays as it is.
install_compose() {
  docker compose version >/dev/null 2>&1 && return
  if apt-cache policy docker-compose | grep -q 'Candidate: 2'; then
    DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends docker-compose >"$state/install.log" 2>&1
    return
  fi
  local mirror lists="$state/lists" cache="$state/archives" unpacked="$state/compose"
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 'Component: main' |
    awk -v suite="$(. /etc/os-release && echo "$VERSION_CODENAME")" '$2 == suite { print $1; exit }')
  mkdir -p "$lists/partial" "$cache/archives/partial" "$state/sources"
  echo "deb [signed-by=$archive] $mirror trixie main" >"$state/sources/next.list"
  local next=(-oDir::Etc::SourceList=/dev/null "-oDir::Etc::SourceParts=$state/sources"
    "-oDir::State::Lists=$lists" "-oDir::Cache=$cache" -oAPT::Sandbox::User=root)
  apt-get "${next[@]}" update -qq
  (cd "$cache" && apt-get "${next[@]}" download -qq docker-compose)
  dpkg -x "$cache"/docker-compose_*.deb "$unpacked"
  local plugins="${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins"
  mkdir -p "$plugins"
  install -m 755 "$unpacked/usr/libexec/docker/cli-plugins/docker-compose" "$plugins/docker-compose"
}

start_daemon() {
  answers && return
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    setsid dockerd >"$state/dockerd.log" 2>&1 </dev/null &
    echo $! >"$state/dockerd.pid"
  fi
  for _ in $(seq 120); do
    answers && return
    sleep 0.5
  done
  echo "dockerd does not answer; the end of what it wrote:" >&2
  tail -n 20 "$state/dockerd.log" >&2 || true
  stop
  return 1
}

# The process must still be that daemon: its number may be another's by now.
stop() {
  local pid
  pid=$(cat "$state/dockerd.pid" 2>/dev/null) || return 0
  rm -f "$state/dockerd.pid"
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 0
  kill "$pid"
  for _ in $(seq 60); do
    [ -d "/proc/$pid" ] || return 0
    sleep 0.5
  done
  echo "dockerd ($pid) does not end" >&2
}

mkdir -p "$state"
case "${1:-}" in
  start)
    install_engine
    install_compose
    start_daemon
    docker version --format 'Docker {{.Server.Version}}'
    docker compose version
    ;;
  stop) stop ;;
  *)
    echo "usage: $0 start|stop" >&2
    exit 2
    ;;
esac
