import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { StudioError, exitCodes } from "../../errors.ts";
import { runCommand } from "../../shell/exec.ts";

export interface MysqlProgram {
  file: string;
  /** The text of `--version`, which differs between the two families. */
  version: string;
  family: "mariadb" | "mysql";
}

export interface MysqlPrograms {
  client: MysqlProgram;
  dump: MysqlProgram;
}

const names = { client: ["mariadb", "mysql"], dump: ["mariadb-dump", "mysqldump"] };

/**
 * Finds the client and the dump program of MariaDB or of MySQL in the operator's PATH; where both
 * families are installed, MariaDB's, which speaks to servers of both.
 * @throws StudioError (exit 8) when one is missing
 */
export async function locateMysqlPrograms(
  env: Record<string, string | undefined>,
): Promise<MysqlPrograms> {
  return { client: await locate("client", env), dump: await locate("dump", env) };
}

async function locate(
  kind: keyof typeof names,
  env: Record<string, string | undefined>,
): Promise<MysqlProgram> {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  for (const name of names[kind]) {
    for (const folder of folders) {
      const file = join(folder, name);
      if (!(await isExecutable(file))) continue;
      const { stdout } = await runCommand(file, ["--version"], { env, timeout: 10_000 });
      const version = stdout.trim();
      return { file, version, family: /mariadb/i.test(version) ? "mariadb" : "mysql" };
    }
  }
  throw new StudioError({
    code: "database.programMissing",
    message: `Neither ${names[kind].join(" nor ")} is installed.`,
    hint: "On Debian and Ubuntu: apt-get install mariadb-client (or mysql-client); on macOS: brew install mariadb.",
    exitCode: exitCodes.unavailable,
    details: { programs: names[kind] },
  });
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
