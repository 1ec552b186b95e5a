import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { type Plugin, rolldown } from "rolldown";

/** Threads: each is started by the address of its module, which therefore stays where it is. */
const workers = "src/**/{worker,*-worker}.js";

/** Modules that become one file with all that they import, by its name; the first one has them. */
const groups: Readonly<Record<string, readonly string[]>> = {
  // Enough for what only has to be printed.
  start: ["src/main.js"],
  // What nearly every command that looks at a project needs, and what backups do: those are
  // compared with programs that start in a few milliseconds.
  core: [
    "src/cli/run.js",
    "src/cli/create-context.js",
    "src/cli/progress.js",
    "src/cli/run-and-tell.js",
    "src/config/open-project.js",
    "src/deploy/create-backup.js",
    "src/deploy/targets/local/local-view.js",
    "src/backup/pack/here.js",
  ],
};

/**
 * Joins the compiled modules in a folder to fewer files, since Node takes a quarter of a
 * millisecond for each. What is loaded only when it is needed still is.
 * @param output absolute; with `src` and `commands`, as the compiler wrote them
 */
export async function joinModules(output: string): Promise<void> {
  const compiled = globSync("{src,commands}/**/*.js", { cwd: output });
  const inputs = ["src/main.js", ...globSync(workers, { cwd: output })];
  const build = await rolldown({
    input: Object.fromEntries(
      inputs.map((path) => [path.slice(0, -".js".length), join(output, path)]),
    ),
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/"),
    plugins: [keepAddresses(output)],
  });
  const { output: files } = await build.generate({
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: `${chunkFolder}/[name]-[hash].js`,
    codeSplitting: {
      groups: Object.entries(groups).map(([name, paths], index, { length }) => ({
        name,
        test: (id) => paths.includes(relative(output, id)),
        priority: length - index,
      })),
    },
  });
  await build.close();
  for (const path of compiled) rmSync(join(output, path));
  for (const file of files) {
    if (file.type !== "chunk") continue;
    const path = join(output, file.fileName);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.code);
  }
}

const chunkFolder = "src/joined";

/** A module that names a file beside itself must still find it: it is told the address that it had. */
function keepAddresses(output: string): Plugin {
  const place = `/${basename(output)}/src/`;
  const root = `import.meta.url.slice(0, import.meta.url.lastIndexOf(${JSON.stringify(place)}) + ${place.length - "src/".length})`;
  return {
    name: "keep-addresses",
    load(id) {
      if (!id.startsWith(output)) return null;
      const code = readFileSync(id, "utf8");
      if (!code.includes("import.meta")) return null;
      const address = `new URL(${JSON.stringify(relative(output, id))}, ${root}).href`;
      const file = `process.getBuiltinModule("node:url").fileURLToPath(${address})`;
      const folder = `process.getBuiltinModule("node:path").dirname(${file})`;
      return {
        code: code
          .replaceAll(/import\.meta\.url\b/g, address)
          .replaceAll(/import\.meta\.dirname\b/g, folder),
      };
    },
  };
}
