import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestS3, credentials, startS3 } from "../support/s3.ts";
import { type TestProject, createProject, quickSettings } from "../support/studio.ts";

let server: TestS3 | null = null;
let project: TestProject;
let repository: string;

const keys = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};

beforeAll(async () => {
  server = await startS3();
  if (server === null) return;
  repository = `s3://${await server.createBucket()}/studio/test`;
  const backup = `backup:
  repository: ${repository}
  s3: { endpoint: "${server.endpoint}" }
`;
  project = await createProject(`${quickSettings}${backup}`);
  mkdirSync(join(project.directory, "uploads"));
  project.write("uploads/page.txt", "as it was");
}, 60_000);

afterAll(async () => {
  if (server === null) return;
  await project.remove();
  await server.stop();
}, 60_000);

async function run<T>(...argv: string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await project.studio([...argv, "--json"], keys);
  expect(exitCode, stderr).toBe(0);
  return (JSON.parse(stdout) as { result: T }).result;
}

const s3Test = (title: string, body: () => Promise<void>, limit = 60_000): void =>
  test(title, { timeout: limit }, async (context) => {
    if (server === null) return context.skip("there is no S3 server");
    await body();
  });

interface Status {
  backup: { id: string; verified: boolean } | null;
  repositoryRead: boolean;
}

s3Test(
  "without the access key nothing is begun, and the message says what is missing",
  async () => {
    const { exitCode, stderr } = await project.studio(["backup", "create"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("AWS_ACCESS_KEY_ID");
  },
);

s3Test(
  "a deploy backs up to the bucket, and each command finds it there",
  async () => {
    expect(await run<Status>("status")).toMatchObject({ backup: null, repositoryRead: false });
    const { snapshot } = await run<{ snapshot: string }>("deploy");
    expect(await run("backup", "list")).toMatchObject([
      { id: snapshot, verification: { ok: true } },
    ]);
    const made = await run<{ snapshot: { id: string } }>("backup", "create", "--name", "before");
    const { id } = made.snapshot;
    expect(await run("backup", "verify", "before", "--read-data")).toMatchObject({ id, ok: true });
    const status = await run<Status>("status");
    expect(status).toMatchObject({ backup: { id, verified: true }, repositoryRead: false });
    const target = join(project.directory, "elsewhere");
    await run("backup", "restore", "before", "--target", target);
    expect(readFileSync(join(target, "uploads/page.txt"), "utf8")).toBe("as it was");
    await run("backup", "restore", "before", "--database", "--yes");
    expect(await run("backup", "prune")).toMatchObject({ trashed: [] });
    expect(await run("doctor")).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({ title: "A recent backup was read back", state: "ok" }),
      ]),
    });
  },
  120_000,
);

s3Test("status asks nobody, and does not load what would", async () => {
  const packages = join(project.directory, "packages.txt");
  const hook = resolve(import.meta.dirname, "../support/report-packages.ts");
  const { exitCode, stderr } = await project.studio(["status"], {
    NODE_OPTIONS: `--import ${hook}`,
    PACKAGES_FILE: packages,
  });
  expect(exitCode, stderr).toBe(0);
  expect(readFileSync(packages, "utf8")).not.toContain("aws");
});

s3Test("snapshots are copied from a bucket to a folder, and to another bucket", async () => {
  if (server === null) return;
  const { snapshot } = await run<{ snapshot: { id: string } }>("backup", "create");
  const other = `s3://${await server.createBucket()}/copy`;
  for (const to of [join(project.directory, "copy"), other]) {
    const copied = await run("backup", "copy", "--to", to, snapshot.id);
    expect(copied).toMatchObject({ snapshots: [{ id: snapshot.id, outcome: "copied" }] });
    const again = await run("backup", "copy", "--to", to, snapshot.id);
    expect(again).toMatchObject({ snapshots: [{ outcome: "present", addedObjects: 0 }] });
    const yaml = readFileSync(join(project.directory, "studio.yaml"), "utf8");
    project.write("copy.yaml", yaml.replace(/repository: .*/, `repository: ${to}`));
    const verified = await run("backup", "verify", "--read-data", "--config", "copy.yaml");
    expect(verified).toMatchObject({ id: snapshot.id, ok: true });
  }
});

s3Test(
  "an empty host is brought back from the bucket by one command",
  async () => {
    const empty = await createProject("");
    try {
      const argv = ["backup", "restore", "latest", "--bootstrap", repository, "--json"];
      const { exitCode, stderr } = await empty.studio(argv, {
        ...keys,
        AWS_ENDPOINT_URL: server?.endpoint ?? "",
      });
      expect(exitCode, stderr).toBe(0);
      const page = join(empty.directory, "uploads/page.txt");
      expect(readFileSync(page, "utf8")).toBe("as it was");
      const answer = await fetch(`${empty.url}/health/ready`, { headers: { connection: "close" } });
      expect(answer.status).toBe(200);
    } finally {
      await empty.remove();
    }
  },
  120_000,
);

s3Test(
  "when the server is gone, commands end soon with exit code 8",
  async () => {
    server?.crash();
    for (const argv of [["list"], ["create"], ["verify"]]) {
      const { exitCode, stderr } = await project.studio(["backup", ...argv], keys);
      expect(exitCode, stderr).toBe(8);
      expect(stderr).toContain("cannot be reached");
    }
    const { exitCode, stdout } = await project.studio(["status"], keys);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("as far as this machine knows");
  },
  60_000,
);
