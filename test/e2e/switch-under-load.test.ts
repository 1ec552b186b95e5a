import { Agent, request as httpRequest } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestProject, createProject } from "../support/studio.ts";

const deploys = Number(process.env["STUDIO_TEST_DEPLOYS"] ?? 3);

let project: TestProject;

beforeAll(async () => {
  project = await createProject();
  expect((await project.studio(["deploy"])).exitCode).toBe(0);
}, 60_000);

afterAll(() => project.remove(), 60_000);

test(`${deploys} deploys under load from keep-alive and fresh clients fail no request`, async () => {
  const load = startLoad(project.url);
  for (let count = 0; count < deploys; count += 1) {
    const { exitCode, stderr } = await project.studio(["deploy"]);
    expect(exitCode, stderr).toBe(0);
  }
  const { kept, fresh, failures, releases } = await load.stop();
  expect(failures).toEqual([]);
  expect(kept).toBeGreaterThan(300 * deploys);
  expect(fresh).toBeGreaterThan(300 * deploys);
  expect(releases.size).toBe(deploys + 1);
}, 600_000);

/** Clients that send one request after the other; only a reused socket's reset is tried again. */
function startLoad(url: string) {
  const counts = { kept: 0, fresh: 0, failures: [] as string[], releases: new Set<string>() };
  let stopped = false;
  const client = async (kind: "kept" | "fresh") => {
    const agent = kind === "kept" ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined;
    while (!stopped) {
      try {
        const release = await send(url, agent);
        counts.releases.add(release);
        counts[kind] += 1;
      } catch (error) {
        counts.failures.push(`${kind}: ${String(error)}`);
      }
    }
    agent?.destroy();
  };
  const clients = Array.from({ length: 8 }, (_, index) =>
    client(index % 2 === 0 ? "kept" : "fresh"),
  );
  return {
    async stop() {
      stopped = true;
      await Promise.all(clients);
      return counts;
    },
  };
}

function send(url: string, agent: Agent | undefined, again = true): Promise<string> {
  const body = JSON.stringify({ text: "Where does this sentence come from?", task: "language" });
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      `${url}/api/v1/text/process`,
      {
        method: "POST",
        agent: agent ?? false,
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          ...(agent === undefined ? { connection: "close" } : {}),
        },
      },
      (response) => {
        response.resume();
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200) resolve(String(response.headers["x-studio-release"]));
          else reject(new Error(`status ${response.statusCode}`));
        });
      },
    );
    call.on("error", (error: NodeJS.ErrnoException) => {
      const reset = call.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code ?? "");
      if (reset && again) resolve(send(url, agent, false));
      else reject(error);
    });
    call.end(body);
  });
}
