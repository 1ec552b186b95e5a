import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Program } from "../run-measured.ts";

/**
 * Packs and unpacks studio as it is published, for that is what operators run.
 * @param folder where it goes; absolute
 * @returns the program
 */
export function installStudio(folder: string): string {
  const root = resolve(import.meta.dirname, "../..");
  const run = (file: string, ...argv: string[]) => {
    const { status, stderr } = spawnSync(file, argv, { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`${file} ${argv.join(" ")}: ${stderr}`);
  };
  mkdirSync(folder, { recursive: true });
  run("npm", "pack", "--pack-destination", folder);
  const [archive = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  run("tar", "xzf", join(folder, archive), "-C", folder);
  symlinkSync(join(root, "node_modules"), join(folder, "package", "node_modules"));
  rmSync(join(root, "dist"), { recursive: true, force: true });
  return join(folder, "package", "bin", "studio.js");
}

/** A program that backs a folder up and brings it back. */
export interface Tool {
  name: string;
  /** Where its repository lies. */
  repository: string;
  prepare(): void;
  backup: Program;
  restore(target: string): Program;
  /** Whether a second backup costs less than the first. */
  incremental: boolean;
}

export interface Surroundings {
  /** What `installStudio` returned. */
  studio: string;
  /** Absolute; the project that is backed up. */
  project: string;
  /** Absolute; an empty folder for repositories. */
  folder: string;
}

export function isInstalled(program: string): boolean {
  return spawnSync("which", [program], { stdio: "ignore" }).status === 0;
}

/** studio as it is typed, with the time that Node takes to start. */
export function studioTool(
  { studio: binary, project, folder }: Surroundings,
  encrypted: boolean,
): Tool {
  const name = encrypted ? "studio, encrypted" : "studio";
  const repository = join(folder, encrypted ? "studio-encrypted" : "studio");
  const key = join(folder, "key.txt");
  const config = join(project, `${encrypted ? "encrypted" : "plain"}.yaml`);
  const env = { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, HOME: folder };
  const studio = (...argv: string[]): Program => ({
    argv: [process.execPath, binary, ...argv],
    cwd: project,
    env,
  });
  const identity = encrypted ? ["--identity", key] : [];
  return {
    name,
    repository,
    incremental: true,
    prepare() {
      let recipients = "";
      if (encrypted) {
        rmSync(key, { force: true });
        spawnSync("age-keygen", ["-o", key]);
        recipients = spawnSync("age-keygen", ["-y", key], { encoding: "utf8" }).stdout.trim();
      }
      writeFileSync(
        config,
        `name: bench
backup:
  repository: ${repository}
  recipients: [${recipients}]
  sets: { tree: { files: [models/**, content/**, uploads/**] } }
`,
      );
    },
    backup: studio("backup", "create", "--set", "tree", "--config", config),
    restore: (target) =>
      studio("backup", "restore", "latest", "--target", target, "--config", config, ...identity),
  };
}

/** restic encrypts always. */
export function resticTool({ project, folder }: Surroundings): Tool {
  const repository = join(folder, "restic");
  const env = {
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: "benchmark",
    RESTIC_CACHE_DIR: join(folder, "restic-cache"),
  };
  return {
    name: "restic",
    repository,
    incremental: true,
    prepare: () =>
      void spawnSync("restic", ["init"], { env: { ...process.env, ...env }, stdio: "ignore" }),
    backup: {
      argv: ["restic", "backup", "models", "content", "uploads"],
      env,
      cwd: project,
    },
    restore: (target) => ({
      argv: ["restic", "restore", "latest", "--verify", "--target", target],
      env,
      cwd: project,
    }),
  };
}

export function borgTool({ project, folder }: Surroundings): Tool {
  const repository = join(folder, "borg");
  const env = {
    BORG_REPO: repository,
    BORG_BASE_DIR: join(folder, "borg-base"),
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
    BORG_RELOCATED_REPO_ACCESS_IS_OK: "yes",
  };
  const withEnv = { env: { ...process.env, ...env }, stdio: "ignore" as const };
  return {
    name: "borg",
    repository,
    incremental: true,
    prepare: () => void spawnSync("borg", ["init", "--encryption=none"], withEnv),
    backup: {
      argv: ["borg", "create", "--compression", "zstd,1", "::{now:%s%f}", ...folders],
      env,
      cwd: project,
    },
    restore: (target) => {
      mkdirSync(target, { recursive: true });
      const script = `borg extract "::$(borg list --last 1 --short)"`;
      return { argv: ["bash", "-c", script], env, cwd: target };
    },
  };
}

const folders = ["models", "content", "uploads"];

/** What people write themselves. */
export function tarTool({ project, folder }: Surroundings): Tool {
  const repository = join(folder, "tar");
  const file = join(repository, "backup.tar.zst");
  return {
    name: "tar | zstd -1 -T2",
    repository,
    incremental: false,
    prepare: () => void mkdirSync(repository, { recursive: true }),
    backup: {
      argv: ["bash", "-c", `tar cf - ${folders.join(" ")} | zstd -q -1 -T2 -f -o ${file}`],
      cwd: project,
    },
    restore: (target) => {
      mkdirSync(target, { recursive: true });
      return { argv: ["bash", "-c", `zstd -q -dc ${file} | tar xf -`], cwd: target };
    },
  };
}
