import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** Slow to load: only ever imported inside the function that needs them. */
const heavyPackages = (
  "@inquirer/prompts autocannon better-sqlite3 chalk croner execa fastify knex listr2 " +
  "onnxruntime-node pg pino prom-client umzug yaml zod"
).split(" ");

interface Import {
  from: string;
  /** The file inside the project, or the name of a package or of a module of Node. */
  to: string;
  kind: "type" | "static" | "dynamic";
}

const files = ["bin", "src", "commands"].flatMap(sourceFiles);
const imports = files.flatMap(importsOf);
const running = imports.filter(({ kind }) => kind !== "type");

describe("imports go one way", () => {
  test("the source files and their imports are found", () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(files.length);
    const inside = imports.filter(({ to }) => /^(bin|src|commands)\//.test(to));
    const absent = inside.filter(({ to }) => !existsSync(join(root, to)));
    expect(shown(absent)).toEqual([]);
  });

  test("bin imports src/main alone", () => {
    const targets = running.filter(({ from, to }) => isIn(from, "bin") && !to.startsWith("node:"));
    expect(targets.filter(({ to }) => to !== "src/main.ts")).toEqual([]);
  });

  test("src/main reaches the parts through the registry of commands alone", () => {
    const own = /^(src\/cli\/.+|src\/[a-z-]+\.ts|commands\/registry\.ts|node:.+)$/;
    const targets = running.filter(({ from }) => from === "src/main.ts");
    expect(shown(targets.filter(({ to }) => !own.test(to)))).toEqual([]);
  });

  test("no part imports a command, and of the command line only types", () => {
    const parts = imports.filter(({ from }) => isPart(from));
    const upward = parts.filter(
      ({ to, kind }) =>
        isIn(to, "commands") ||
        isIn(to, "bin") ||
        to === "src/main.ts" ||
        (isIn(to, "src/cli") && kind !== "type"),
    );
    expect(shown(upward)).toEqual([]);
  });

  test("the command line loads parts on demand, and no command but by the registry", () => {
    const own = running.filter(({ from }) => isIn(from, "src/cli"));
    const wrong = own.filter(
      ({ to, kind }) => isIn(to, "commands") || (kind === "static" && isPart(to)),
    );
    expect(shown(wrong)).toEqual([]);
  });

  test("a command imports the parts on demand", () => {
    const light = /^(src\/(cli|format)\/.+|src\/[a-z-]+\.ts|node:.+)$/;
    const commands = running.filter(
      ({ from }) => isIn(from, "commands") && from !== "commands/registry.ts",
    );
    const eager = commands.filter(({ to, kind }) => kind === "static" && !light.test(to));
    expect(shown(eager)).toEqual([]);
    expect(shown(commands.filter(({ to }) => isIn(to, "commands")))).toEqual([]);
  });

  test("the registry loads each command on demand", () => {
    const own = running.filter(({ from }) => from === "commands/registry.ts");
    expect(shown(own.filter(({ kind }) => kind === "static"))).toEqual([]);
    expect(own.length).toBeGreaterThan(20);
  });
});

describe("packages", () => {
  test("no heavy one is loaded before a command is known, nor with a command's page", () => {
    const commands = files.filter((file) => isIn(file, "commands"));
    const heavy = staticallyReachable(["src/main.ts", ...commands]).filter(({ to }) =>
      heavyPackages.includes(packageOf(to)),
    );
    expect(shown(heavy)).toEqual([]);
  });

  test("execa is imported by src/shell/exec.ts alone", () => {
    const users = running.filter(({ to }) => packageOf(to) === "execa").map(({ from }) => from);
    expect([...new Set(users)]).toEqual(["src/shell/exec.ts"]);
  });

  test("each one that is imported is a dependency", () => {
    const manifest = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    const packages = running
      .filter(({ to }) => !files.includes(to) && !to.startsWith("node:"))
      .filter(({ to }) => /^@?[a-z]/.test(to) && !/^(bin|src|commands)\//.test(to))
      .filter(({ to }) => manifest.dependencies[packageOf(to)] === undefined);
    expect(shown(packages)).toEqual([]);
  });
});

describe("source files", () => {
  const all = [...files, ...["test", "migrations", "benchmarks"].flatMap(sourceFiles)];

  test("none is longer than 400 lines", () => {
    const long = all.filter((file) => read(file).split("\n").length - 1 > 400);
    expect(long).toEqual([]);
  });

  test("none is named for being of use in general", () => {
    const vague = /^(utils?|helpers?|common|index)\.[cm]?[jt]s$/;
    expect(all.filter((file) => vague.test(basename(file)))).toEqual([]);
  });

  test("src/main.ts alone ends the process", () => {
    const own = files.filter((file) => !isIn(file, "bin") && file !== "src/main.ts");
    expect(own.filter((file) => /\bprocess\.(exit|reallyExit|abort)\(/.test(read(file)))).toEqual(
      [],
    );
  });

  test("none writes to the console", () => {
    expect(files.filter((file) => /\bconsole\.\w+\(/.test(read(file)))).toEqual([]);
  });
});

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

function importsOf(file: string): Import[] {
  // `import { type X }` counts as static: the module is loaded all the same.
  const declaration = /^(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]+?\sfrom\s+)?"([^"\n]+)"/gm;
  const call = /(?:\bawait|=>|\breturn|\bvoid|[([,])\s*import\(\s*"([^"\n]+)"\s*\)(?!\.[A-Z])/g;
  const text = read(file);
  return [
    ...[...text.matchAll(declaration)].map(
      ([, type, to = ""]): Import => ({
        from: file,
        to: placeOf(file, to),
        kind: type === undefined ? "static" : "type",
      }),
    ),
    ...[...text.matchAll(call)].map(
      ([, to = ""]): Import => ({ from: file, to: placeOf(file, to), kind: "dynamic" }),
    ),
    // The launcher computes the address of what it starts.
    ...[...text.matchAll(/new URL\("(\.\.\/src\/[^"\n]+\.ts)"/g)].map(
      ([, to = ""]): Import => ({ from: file, to: placeOf(file, to), kind: "dynamic" }),
    ),
  ];
}

function placeOf(file: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return relative(root, resolve(root, dirname(file), specifier));
}

function staticallyReachable(entries: readonly string[]): Import[] {
  const seen = new Set(entries);
  const reached: Import[] = [];
  for (const file of seen) {
    for (const one of imports) {
      if (one.from !== file || one.kind !== "static") continue;
      reached.push(one);
      seen.add(one.to);
    }
  }
  return reached;
}

/** `@inquirer/prompts` of `@inquirer/prompts/x`; `pg` of `pg/lib`. */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isIn(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`);
}

function isPart(file: string): boolean {
  return /^src\/[a-z-]+\//.test(file) && !isIn(file, "src/cli") && !isIn(file, "src/format");
}

function shown(list: readonly Import[]): string[] {
  return list.map(({ from, to, kind }) => `${from} -> ${to} (${kind})`);
}
