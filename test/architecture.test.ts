import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** Slow to load: only ever imported inside the function that needs them. */
const heavyPackages = (
  "@aws-sdk/client-s3 @guanmingchiu/sqlparser-ts @huggingface/tokenizers @inquirer/prompts " +
  "archiver autocannon better-sqlite3 chalk execa fastify knex libpg-query listr2 mysql2 " +
  "nodemailer onnxruntime-node pg pino prom-client sharp sqlite3-parser tar umzug undici yaml zod"
).split(" ");

/** Modules that are nothing without a heavy package; whoever needs them needs it. */
const builtOn: Readonly<Record<string, readonly string[]>> = {
  "@huggingface/tokenizers": ["src/inference/bundled/embedding/build/tokens.ts"],
  archiver: ["src/backup/export/tar-archive.ts"],
  "better-sqlite3": ["src/database/dump-sqlite-worker.ts"],
  pino: ["src/server/logging.ts"],
  tar: ["src/backup/import/read-archive.ts"],
  undici: ["src/bench/engine/open/sender.ts"],
  yaml: [
    "src/bench/scenario/*",
    "src/config/source.ts",
    "src/inference/bundled/language/build/run-model.ts",
    "src/migrate/schema/text/*",
  ],
  zod: ["src/bench/scenario/*", "src/config/schema.ts", "src/config/schema/*"],
};

interface Import {
  from: string;
  /** The file inside the project, or the name of a package or of a module of Node. */
  to: string;
  kind: "type" | "static" | "dynamic";
}

const files = ["bin", "src", "commands"].flatMap(sourceFiles);
const imports = files.flatMap(importsOf);
const running = imports.filter(({ kind }) => kind !== "type");
const entryPoints = readEntryPoints();

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

  test("a part imports of another part only what src/README.md names as its entry points", () => {
    const across = imports.filter(({ from, to }) => isAcross(from, to));
    expect(across.length).toBeGreaterThan(100);
    const inner = across.filter(({ to }) => !entryPoints.has(to));
    expect(shown(inner)).toEqual([]);
  });

  test("src/README.md names no entry point that is missing, or that only its own part uses", () => {
    const used = new Set(imports.filter(({ from, to }) => isAcross(from, to)).map(({ to }) => to));
    expect([...entryPoints].filter((file) => !used.has(file))).toEqual([]);
  });

  test("what is imported can be read off the text, save the files of an operator", () => {
    const computed = files.filter((file) => {
      const calls = read(file).match(/^[^/*\n]*\bimport\((?!\s*")/gm) ?? [];
      return calls.some((line) => !/\bimport\(\w+\)\.[A-Z]/.test(line));
    });
    expect(computed).toEqual([
      "bin/studio.js",
      "src/bench/suite/load-functions.ts",
      "src/migrate/module.ts",
    ]);
    const required = files.filter((file) => /\bcreateRequire\b/.test(read(file)));
    expect(required).toEqual(["src/inference/vectors/index/load-usearch.ts", "src/sqlite/open.ts"]);
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
    const heavy = staticallyReachable(["src/main.ts", ...commands]).filter(({ to }) => isHeavy(to));
    expect(shown(heavy)).toEqual([]);
  });

  test("a heavy one is imported where it is used, but for modules that are nothing without it", () => {
    const early = imports.filter(({ to, kind }) => kind === "static" && isHeavy(to));
    const homes = Object.entries(builtOn).flatMap(([name, places]) =>
      places.map((place) => ({ name, place })),
    );
    const isAtHome = ({ from, to }: Import) =>
      homes.some(({ name, place }) => name === packageOf(to) && isAt(from, place));
    expect(shown(early.filter((one) => !isAtHome(one)))).toEqual([]);
    const empty = homes.filter(
      ({ name, place }) =>
        !early.some(({ from, to }) => packageOf(to) === name && isAt(from, place)),
    );
    expect(empty).toEqual([]);
  });

  test("execa is imported by src/shell/exec.ts alone", () => {
    const users = running.filter(({ to }) => packageOf(to) === "execa").map(({ from }) => from);
    expect([...new Set(users)]).toEqual(["src/shell/exec.ts"]);
  });

  test("each one that is imported is a dependency", () => {
    const manifest = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    const packages = running
      // It makes the package and is not in it.
      .filter(({ from }) => !from.startsWith("src/packaging/"))
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

/** `src/backup/verify.ts` from the line "- `backup/`: create, verify" and those it runs on to. */
function readEntryPoints(): Set<string> {
  const [, section = ""] = /^## Imports\n([^]*?)^## /m.exec(read("src/README.md")) ?? [];
  const lines = section.matchAll(/^- `([a-z-]+)\/`: ([^]*?)(?=\n- |\n\n)/gm);
  return new Set(
    [...lines].flatMap(([, folder = "", names = ""]) =>
      names.split(/,\s+/).map((name) => `src/${folder}/${name}.ts`),
    ),
  );
}

/** From a command, or a part, into a part that is not its own. */
function isAcross(from: string, to: string): boolean {
  const [, own] = /^src\/([a-z-]+)\//.exec(from) ?? [];
  const [, other] = /^src\/([a-z-]+)\//.exec(to) ?? [];
  return other !== undefined && own !== other;
}

function isHeavy(specifier: string): boolean {
  return heavyPackages.includes(packageOf(specifier));
}

/** @param place a file, or a folder followed by an asterisk */
function isAt(file: string, place: string): boolean {
  return place.endsWith("*") ? file.startsWith(place.slice(0, -1)) : file === place;
}

function shown(list: readonly Import[]): string[] {
  return list.map(({ from, to, kind }) => `${from} -> ${to} (${kind})`);
}
