import { spawnSync } from "node:child_process";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { chmodSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { loadProject } from "../../../src/config/project.ts";
import { readVariablesFile } from "../../../src/config/variables.ts";
import { planStartingFiles } from "../../../src/initialise/starting-files.ts";
import { writeStartingFiles } from "../../../src/initialise/write-starting-files.ts";
import { renderStack, templates } from "../../support/stack.ts";

const variableFiles = [".env", ".env.production", ".env.staging"];
const stack = { domain: "studio.example.com", version: "0.1.0", now: new Date() };

function rendered(): string {
  const { folder, remove } = renderStack();
  onTestFinished(remove);
  return folder;
}

function plan(folder: string) {
  return planStartingFiles({ folder, templates, name: "shop", stack });
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

test.each(["production", "staging", "development", "local"])(
  "what is written is a project that knows the environment %s",
  async (environment) => {
    const folder = rendered();
    const project = await loadProject({ cwd: folder, env: {}, environment });
    expect(project.name).toBe("shop");
    const { file, required } = project.settings.variables;
    if (file === null) return;
    const { values } = readVariablesFile(folder, file);
    expect(required.filter((name) => (values[name] ?? "") === "")).toEqual([]);
  },
);

test("each password is long, is its own, and is in no other file", () => {
  const folder = rendered();
  const passwords = variableFiles.flatMap((file) =>
    Object.entries(readVariablesFile(folder, file).values)
      .filter(([name]) => /PASSWORD|KEY|TOKEN/.test(name))
      .map(([, value]) => value),
  );
  expect(passwords.length).toBe(33);
  expect(new Set(passwords).size).toBe(passwords.length);
  for (const password of passwords) expect(password).toMatch(/^[\w-]{48}$/);
  const allowed = variableFiles.map((file) => join(folder, file));
  const others = filesOf(folder).filter(
    (path) => !allowed.includes(path) && !path.endsWith("/metrics-token"),
  );
  for (const path of others) {
    const text = readFileSync(path, "utf8");
    expect(
      passwords.filter((password) => text.includes(password)),
      path,
    ).toEqual([]);
  }
});

test("no placeholder of the templates is left", () => {
  for (const path of filesOf(rendered())) {
    expect(readFileSync(path, "utf8"), path).not.toMatch(/\{\{[a-z:-]+\}\}/);
  }
});

test("secrets are closed to others, and what containers read is open behind a closed folder", () => {
  const before = process.umask(0o077);
  onTestFinished(() => void process.umask(before));
  const folder = rendered();
  for (const file of variableFiles) expect(modeOf(join(folder, file))).toBe(0o600);
  expect(modeOf(join(folder, ".studio"))).toBe(0o700);
  const inState = (path: string) => join(folder, ".studio", path);
  for (const path of ["proxy/production", "certificates/production", "secrets/production"]) {
    expect(modeOf(inState(path)), path).toBe(0o755);
  }
  expect(modeOf(inState("certificates/production/privkey.pem"))).toBe(0o644);
  expect(modeOf(join(folder, "stack/nginx/nginx.conf"))).toBe(0o644);
  expect(modeOf(join(folder, "stack/nginx"))).toBe(0o755);
  expect(modeOf(join(folder, "stack/postgres/10-studio.sh"))).toBe(0o755);
});

test("a second time there is nothing to do", () => {
  const folder = rendered();
  expect(plan(folder).filter(({ action }) => action !== "keep")).toEqual([]);
});

test("a file of the operator's is planned as replaced, one with passwords never", () => {
  const folder = rendered();
  writeFileSync(join(folder, "compose.yaml"), "services: {}\n");
  writeFileSync(join(folder, ".env.production"), "STUDIO_METRICS_TOKEN=mine\n");
  writeFileSync(join(folder, ".studio/certificates/production/fullchain.pem"), "mine");
  rmSync(join(folder, ".studio/certificates/production/privkey.pem"));
  const planned = plan(folder).filter(({ action }) => action !== "keep");
  expect(planned.map(({ path, action }) => [path.slice(folder.length + 1), action])).toEqual([
    ["compose.yaml", "replace"],
    [".studio/secrets/production/metrics-token", "replace"],
  ]);
  expect(planned[1]?.content).toBe("mine");
});

test("what Prometheus reads the metrics with is the token of the variables", () => {
  const folder = rendered();
  for (const environment of ["production", "staging"]) {
    const { values } = readVariablesFile(folder, `.env.${environment}`);
    const token = readFileSync(
      join(folder, ".studio/secrets", environment, "metrics-token"),
      "utf8",
    );
    expect(token).toBe(values["STUDIO_METRICS_TOKEN"]);
  }
});

test("the certificate to start with is for the domain, and fits its key", () => {
  const folder = join(rendered(), ".studio/certificates/production");
  const certificate = new X509Certificate(readFileSync(join(folder, "fullchain.pem")));
  expect(certificate.checkHost("studio.example.com")).toBe("studio.example.com");
  expect(
    certificate.checkPrivateKey(createPrivateKey(readFileSync(join(folder, "privkey.pem")))),
  ).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + 300 * 86_400_000);
});

test.each(["https://studio.example.com", "Studio.example.com", "a b", "-a", "x;y", "${X}"])(
  "a domain that no certificate could hold is refused: %s",
  (domain) => {
    const input = { folder: "/nonexistent", templates, name: "shop" };
    expect(() => planStartingFiles({ ...input, stack: { ...stack, domain } })).toThrow("host");
  },
);

const isRoot = process.getuid?.() === 0;

test.skipIf(isRoot)("a folder that takes no files says which could not be written", () => {
  const folder = rendered();
  rmSync(join(folder, "compose.yaml"));
  chmodSync(folder, 0o500);
  onTestFinished(() => chmodSync(folder, 0o700));
  expect(() => writeStartingFiles(plan(folder))).toThrow("compose.yaml could not be written");
});

test("the image gets no secret, no state and no history", () => {
  const lines = readFileSync(join(rendered(), ".dockerignore"), "utf8").split("\n");
  expect(lines.filter((line) => line !== "" && !line.startsWith("#"))[0]).toBe("*");
  const admitted = lines.filter((line) => line.startsWith("!"));
  expect(admitted).toEqual(["!studio.yaml", "!models", "!migrations", "!stack", "!stack/api"]);
});

test("the package that the image installs is this one", () => {
  const manifest = parse(
    readFileSync(join(rendered(), "stack/api/package.json"), "utf8"),
  ) as object;
  expect(manifest).toMatchObject({ dependencies: { "@selfhosted-ai/studio": "0.1.0" } });
});

test("the image gets each package that studio was tested with, and no other", () => {
  const folder = join(rendered(), "stack/api");
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const own = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
  for (const [path, entry] of Object.entries(packages)) {
    if (path === "" || path === "node_modules/@selfhosted-ai/studio") continue;
    expect(entry).toEqual(own[path]);
    expect(entry).toHaveProperty("integrity");
  }
  expect(packages).toHaveProperty("node_modules/onnxruntime-node");
  expect(packages).not.toHaveProperty("node_modules/vitest");
  // As the image's build does it, but for the packages themselves.
  const argv = ["ci", "--dry-run", "--offline", "--omit=dev", "--ignore-scripts", "--no-audit"];
  const { status, stderr } = spawnSync("npm", argv, { cwd: folder, encoding: "utf8" });
  expect(status, stderr).toBe(0);
});
