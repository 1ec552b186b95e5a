import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");

/**
 * studio as `npm pack` makes it, with all that it depends on inside: it is installed where no
 * registry can be reached, as in a build of an image here.
 * @param file where the package is written
 */
export function packBundled(file: string): void {
  const folder = mkdtempSync(join(tmpdir(), "studio-bundled-"));
  const npm = (cwd: string, ...argv: string[]) => {
    const PATH = `${dirname(process.execPath)}:${process.env["PATH"]}`;
    const env = { ...process.env, PATH };
    execFileSync("npm", [...argv, "--no-audit", "--no-fund"], { cwd, env, stdio: "pipe" });
  };
  try {
    npm(root, "pack", "--pack-destination", folder);
    const [packed = ""] = readdirSync(folder);
    const app = join(folder, "app");
    writeFileSync(join(folder, "package.json"), "{}");
    const quick = ["--omit=dev", "--ignore-scripts", "--prefer-offline", "--fetch-retries=0"];
    npm(folder, "install", "--prefix", app, ...quick, join(folder, packed));
    bundle(join(app, "node_modules"), join(folder, "package"));
    execFileSync("tar", ["-czf", file, "-C", folder, ...elsewhere, "package"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Programs for other systems than the image's. */
const elsewhere = ["darwin", "win32"].map((name) => `--exclude=napi-v6/${name}`);

function bundle(modules: string, into: string): void {
  cpSync(join(modules, "@selfhosted-ai", "studio"), into, { recursive: true });
  rmSync(join(modules, "@selfhosted-ai"), { recursive: true });
  cpSync(modules, join(into, "node_modules"), { recursive: true });
  const manifest = join(into, "package.json");
  const { dependencies, ...rest } = JSON.parse(readFileSync(manifest, "utf8")) as {
    dependencies: Record<string, string>;
  };
  const bundleDependencies = Object.keys(dependencies);
  writeFileSync(manifest, JSON.stringify({ ...rest, dependencies, bundleDependencies }));
}
