import { StudioError, exitCodes } from "../../errors.ts";

/** What is known of a host before anything of studio runs there. */
export interface HostFacts {
  /** As Node names them: `linux`, `x64`. */
  platform: string;
  architecture: string;
  /** The user's home. */
  home: string;
  /** A Node.js there that is new enough, or null. */
  node: string | null;
  /** True where this very studio lies there already. */
  hasStudio: boolean;
  /** True where what it depends on does. */
  hasDependencies: boolean;
  /** Milliseconds since 1970 by the clock there. */
  clock: number;
}

const mark = "studio-host/1";

/**
 * A line for any POSIX shell that prints the facts. It is given to the user's login shell in single
 * quotes, so it holds none.
 */
export function factsLine(studio: string, dependencies: string): string {
  const isNew =
    "const [a, b] = process.versions.node.split(String.fromCharCode(46)); " +
    "process.exitCode = a > 24 || (a == 24 && b >= 15) ? 0 : 1";
  const script = [
    `echo; echo ${mark}`,
    `echo "home=$HOME"`,
    `echo "system=$(uname -s) $(uname -m)"`,
    `echo "clock=$(date +%s)"`,
    `for node in "$HOME"/.studio/node/*/node $(command -v node) /usr/local/bin/node`,
    `do case "$node" in *.part.*) continue;; esac; if [ -x "$node" ] && "$node" -e "${isNew}" 2>/dev/null; then echo "node=$node"; break; fi; done`,
    `if [ -d "$HOME/.studio/versions/${studio}" ]; then echo studio=yes; fi`,
    `if [ -d "$HOME/.studio/dependencies/${dependencies}" ]; then echo dependencies=yes; fi`,
    `exit 0`,
  ].join("; ");
  return `sh -c '${script}'`;
}

/** Reads what `factsLine` printed, after whatever a login shell printed before. */
export function readFacts(host: string, text: string): HostFacts {
  const lines = text.slice(text.lastIndexOf(`${mark}\n`)).split("\n");
  const fact = (name: string) =>
    lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  const [home, system, clock] = [fact("home"), fact("system"), fact("clock")];
  if (!text.includes(`${mark}\n`) || home === null || system === null) throw notUnderstood(host);
  const [name = "", machine = ""] = system.split(" ");
  return {
    platform: name.toLowerCase(),
    architecture: architectures[machine] ?? machine,
    home,
    node: fact("node"),
    hasStudio: fact("studio") !== null,
    hasDependencies: fact("dependencies") !== null,
    clock: Number(clock) * 1000,
  };
}

/** What uname prints, as Node says it. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: "x64",
  amd64: "x64",
  aarch64: "arm64",
  arm64: "arm64",
};

function notUnderstood(host: string): StudioError {
  return new StudioError({
    code: "remote.noShell",
    message: `The host ${host} did not answer as a system with a shell does.`,
    hint: `Try it by hand: ssh ${host} uname -a`,
    exitCode: exitCodes.unavailable,
  });
}

/** Quotes a word for a shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
