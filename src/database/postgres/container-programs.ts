import { randomBytes } from "node:crypto";
import { StudioError, exitCodes } from "../../errors.ts";
import { type CommandResult, runCommand } from "../../shell/exec.ts";
import { runGroup } from "../../shell/process-group.ts";
import {
  type LocatedProgram,
  type PostgresPrograms,
  type ProgramName,
  chooseProgram,
  parseProgramVersion,
  programMissing,
} from "./programs.ts";

export interface ContainerProgramsOptions {
  /** Name or id of a running container, as a rule the server's own. */
  container: string;
  /** The operator's environment: PATH finds docker, DOCKER_… says which daemon. */
  env: Record<string, string | undefined>;
  /** How the server is reached from within the container. */
  server?: { host: string; port: number };
  /** Where the container has room for a dump. */
  folder?: string;
}

/** Lists each program that is there, and its version, on two lines. */
const search =
  'for file in /usr/lib/postgresql/*/bin/"$0" /usr/local/bin/"$0" /usr/bin/"$0"; do ' +
  '[ -x "$file" ] && echo "$file" && "$file" --version; done; true';

/**
 * Notes the program's number before it becomes the program: ending `docker exec` does not end what
 * runs in the container. It does not start any more once it was told to stop.
 */
const noted = 'echo "$$" > "$0" && [ ! -e "$0.stop" ] && exec "$@"';
const stop = ': > "$0.stop"; [ -s "$0" ] && kill "$(cat "$0")" && rm -f "$0.stop"; rm -f "$0"';

/**
 * The programs inside a container, so that the host needs none, and their version is the server's.
 * The password is handed on by the environment: its name alone is an argument.
 */
export function containerPostgresPrograms(options: ContainerProgramsOptions): PostgresPrograms {
  const { container, server = { host: "127.0.0.1", port: 5432 }, folder = "/tmp" } = options;
  const env = Object.fromEntries(
    Object.entries(options.env).filter(([name]) => /^(PATH|HOME|DOCKER_\w+)$/.test(name)),
  );
  const docker = async (...argv: string[]): Promise<CommandResult> => {
    const result = await runCommand("docker", argv, { env });
    if (result.exitCode !== 0) throw dockerFailed(container, result);
    return result;
  };
  const inside = ["exec", container];
  const newPath = (): string => `${folder}/studio-${randomBytes(8).toString("hex")}`;
  return {
    async locate(name, serverMajor) {
      const { stdout } = await docker(...inside, "sh", "-c", search, name);
      const found = readVersions(name, stdout);
      const chosen = chooseProgram(found, serverMajor);
      if (chosen === undefined) throw programMissing(name, serverMajor, found);
      return chosen;
    },
    async run(program, argv, { env: connection, onStart, signal }) {
      const values = {
        ...connection,
        PGHOST: server.host,
        PGPORT: String(server.port),
        LC_ALL: "C",
      };
      const names = Object.keys(values).flatMap((name) => ["-e", name]);
      const note = newPath();
      const command = ["exec", ...names, container, "sh", "-c", noted, note, program.file, ...argv];
      try {
        return await runGroup("docker", command, {
          cwd: "/",
          env: { ...env, ...values },
          onStart: (identity) => onStart?.(identity),
          ...(signal === undefined ? {} : { signal }),
        });
      } finally {
        const clean = signal?.aborted === true ? stop : 'rm -f "$0"';
        await runCommand("docker", [...inside, "sh", "-c", clean, note], { env });
      }
    },
    async share(hostFolder, use) {
      const path = newPath();
      await docker(...inside, "mkdir", "-m", "700", path);
      if (use === "read") await docker("cp", `${hostFolder}/.`, `${container}:${path}`);
      return {
        path,
        collect: async () => void (await docker("cp", `${container}:${path}/.`, hostFolder)),
        // What fails here must not hide why a dump failed.
        remove: async () =>
          void (await runCommand("docker", [...inside, "rm", "-rf", path], { env })),
      };
    },
  };
}

function readVersions(name: ProgramName, text: string): LocatedProgram[] {
  const lines = text.split("\n");
  return lines.flatMap((file, place) => {
    const version = parseProgramVersion(lines[place + 1] ?? "");
    return file.startsWith("/") && version !== null ? [{ name, file, ...version }] : [];
  });
}

function dockerFailed(container: string, result: CommandResult): StudioError {
  const missing = result.exitCode === 127;
  const [line = ""] = result.stderr.trim().split("\n");
  return new StudioError({
    code: "database.containerUnreachable",
    message: missing
      ? "docker is not installed, and PostgreSQL's programs are in a container."
      : `PostgreSQL's programs in the container ${container} cannot be run: ${line.replace(/\.$/, "")}.`,
    hint: missing ? undefined : "Check with docker ps that the container runs.",
    exitCode: exitCodes.unavailable,
  });
}
