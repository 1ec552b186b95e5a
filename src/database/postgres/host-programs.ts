import { access, constants, readdir } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { runCommand } from "../../shell/exec.ts";
import { runGroup } from "../../shell/process-group.ts";
import {
  type LocatedProgram,
  type PostgresPrograms,
  type ProgramName,
  chooseProgram,
  parseProgramVersion,
  programMissing,
} from "./programs.ts";

export interface HostProgramsOptions {
  /** The operator's environment: PATH, HOME, and what is set of PGPASSFILE and PGSSL…. */
  env: Record<string, string | undefined>;
  /** Where packages put several versions beside each other. */
  folders?: readonly string[];
}

/** `*` stands for part of one name. Debian, Red Hat, Alpine, Homebrew on both kinds of Mac. */
const usualFolders = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/usr/libexec/postgresql*",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/usr/local/opt/postgresql@*/bin",
];

/** The programs that are installed on this machine, each in a process group of its own. */
export function hostPostgresPrograms(options: HostProgramsOptions): PostgresPrograms {
  const { env } = options;
  const inherited = Object.fromEntries(
    Object.entries(env).filter(([name]) => /^(PATH|HOME|TMPDIR|PGPASSFILE|PGSSL\w+)$/.test(name)),
  );
  const common = { ...inherited, LC_ALL: "C" };
  return {
    async locate(name, serverMajor) {
      const found = await findVersions(name, options, common);
      const chosen = chooseProgram(found, serverMajor);
      if (chosen === undefined) throw programMissing(name, serverMajor, found);
      return chosen;
    },
    run: (program, argv, { env: connection, onStart, signal }) =>
      runGroup(program.file, argv, {
        cwd: "/",
        env: { ...common, ...connection },
        onStart: (identity) => onStart?.(identity),
        ...(signal === undefined ? {} : { signal }),
      }),
    share: async (folder) => ({ path: folder, collect: async () => {}, remove: async () => {} }),
  };
}

async function findVersions(
  name: ProgramName,
  options: HostProgramsOptions,
  env: Record<string, string | undefined>,
): Promise<LocatedProgram[]> {
  const folders = (await Promise.all((options.folders ?? usualFolders).map(expand))).flat();
  const path = (options.env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  const found: LocatedProgram[] = [];
  for (const folder of new Set([...folders, ...path])) {
    const file = join(folder, name);
    if (!(await isExecutable(file))) continue;
    const { stdout } = await runCommand(file, ["--version"], { env, timeout: 10_000 });
    const version = parseProgramVersion(stdout);
    if (version !== null) found.push({ name, file, ...version });
  }
  return found;
}

/** The folders that a pattern with one `*` in one part means. */
async function expand(pattern: string): Promise<string[]> {
  const parts = pattern.split("/");
  const place = parts.findIndex((part) => part.includes("*"));
  if (place < 0) return [pattern];
  const parent = parts.slice(0, place).join("/");
  const [start = "", end = ""] = (parts[place] ?? "").split("*");
  const names = await readdir(parent).catch(() => []);
  return names
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .map((name) => join(parent, name, ...parts.slice(place + 1)));
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
