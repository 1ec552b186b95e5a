import { execFileSync } from "node:child_process";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { everyStep } from "../support/every.ts";
import { exporterMetrics } from "../support/exporter-metrics.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { type RenderedProject, createRenderedStack } from "../support/docker/rendered-stack.ts";
import { succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";

/** To make the image of the API takes minutes. */
const missing = noDocker() ?? (everyStep ? null : "in the long form only");

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
}

describe.skipIf(missing !== null)(`the stack that studio writes${skipped(missing)}`, () => {
  let project: RenderedProject;

  beforeAll(async () => {
    project = await createRenderedStack("studio.example.com");
  }, 900_000);

  afterAll(async () => {
    await project?.remove();
  }, 120_000);

  function ask(
    path: string,
    { body, port = project.ports.https }: { body?: object; port?: number } = {},
  ): Promise<Answer> {
    const headers = {
      host: project.domain,
      authorization: `Bearer ${project.variables["STUDIO_API_KEY"]}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const options = {
      host: "127.0.0.1",
      port,
      path,
      headers,
      method: body === undefined ? "GET" : "POST",
      agent: false as const,
    };
    return new Promise((resolve, reject) => {
      const receive = (response: IncomingMessage) => {
        let text = "";
        response.on("data", (chunk) => (text += String(chunk)));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      };
      const call =
        port === project.ports.http
          ? plainRequest(options, receive)
          : request({ ...options, rejectUnauthorized: false }, receive);
      call.once("error", reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  const deploy = async (): Promise<{ release: string; probe: { failed: number } | null }> =>
    JSON.parse((await succeed(project, ["deploy", "--json"])).stdout).result;

  const releaseOf = ({ headers }: Answer) => headers["x-studio-release"];

  async function monitor<T>(port: number, path: string): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    expect(answer.status, path).toBe(200);
    return (await answer.json()) as T;
  }

  interface Targets {
    data: { activeTargets: { labels: Record<string, string>; health: string }[] };
  }

  /** What Prometheus has reached, as `job` or `studio blue`. */
  async function reached(): Promise<string[]> {
    const { data } = await monitor<Targets>(project.ports.prometheus, "/api/v1/targets");
    return data.activeTargets
      .filter(({ health }) => health === "up")
      .map(({ labels: { job = "", colour } }) => (colour === undefined ? job : `${job} ${colour}`))
      .toSorted();
  }

  const others = ["alertmanager", "node", "postgres", "prometheus", "redis"];

  test("is built, migrated, backed up, tested and served by the first deploy", async () => {
    const { release } = await deploy();
    expect(project.health()).toEqual(
      Object.fromEntries([...services, "api-blue"].map((name) => [name, "healthy"])),
    );
    const ready = await ask("/health/ready");
    expect([ready.status, releaseOf(ready)]).toEqual([200, release]);
    await succeed(project, ["status"]);
  }, 900_000);

  test("answers over TLS alone, with keys, and keeps its figures to itself", async () => {
    const moved = await ask("/v2/models", { port: project.ports.http });
    expect([moved.status, moved.headers.location]).toEqual([
      301,
      `https://${project.domain}/v2/models`,
    ]);
    const body = { task: "language", text: "Der Zug nach Lissabon fährt um neun Uhr ab" };
    const told = await ask("/api/v1/text/process", { body });
    expect([told.status, JSON.parse(told.text).result.language]).toEqual([200, "de"]);
    expect(told.headers["strict-transport-security"]).toBe("max-age=31536000");
    expect((await ask("/metrics")).status).toBe(404);
  }, 60_000);

  test("is watched: each exporter is reached, each rule can be evaluated, an alert arrives", async () => {
    await until(
      "everything is reached",
      async () => (await reached()).join() === [...others, "studio blue"].join(),
      180_000,
    );
    interface Rules {
      data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
    }
    const rules = async () =>
      (await monitor<Rules>(project.ports.prometheus, "/api/v1/rules")).data.groups.flatMap(
        (group) => group.rules,
      );
    await until(
      "each rule was evaluated",
      async () => (await rules()).every(({ health }) => health !== "unknown"),
      180_000,
    );
    expect((await rules()).filter(({ health }) => health !== "ok")).toEqual([]);
    interface Alert {
      labels: { alertname: string };
    }
    await until(
      "the watchdog arrives",
      async () =>
        (await monitor<Alert[]>(project.ports.alertmanager, "/api/v2/alerts")).some(
          ({ labels }) => labels.alertname === "Watchdog",
        ),
      180_000,
    );
  }, 300_000);

  test("exports what the dashboards and the rules read of it", async () => {
    interface Names {
      data: string[];
    }
    const path = "/api/v1/label/__name__/values";
    const { data } = await monitor<Names>(project.ports.prometheus, path);
    const absent = Object.keys(exporterMetrics).filter((name) => !data.includes(name));
    expect(absent).toEqual(notYet);
  }, 60_000);

  test("is deployed again without a lost request, and Prometheus follows the colour", async () => {
    const { release, probe } = await deploy();
    expect(releaseOf(await ask("/health/ready"))).toBe(release);
    expect(probe).toMatchObject({ failed: 0 });
    await until(
      "the other colour is reached",
      async () => (await reached()).join() === [...others, "studio green"].join(),
      180_000,
    );
    await succeed(project, ["rollback"]);
    expect(releaseOf(await ask("/health/ready"))).not.toBe(release);
  }, 600_000);

  test("that nobody answers for is found out although nginx answers", async () => {
    const [api = ""] = Object.keys(project.health()).filter((name) => name.startsWith("api-"));
    const stack = project.variables["COMPOSE_PROJECT_NAME"];
    const from = [`${stack}_application`, `${stack}-${api}-1`];
    execFileSync("docker", ["network", "disconnect", ...from]);
    const status = await project.studio(["status"]);
    expect(project.health()[api]).toBe("healthy");
    expect(status.stderr).toContain("nobody");
    expect(status.exitCode, status.stdout).toBe(4);
  }, 120_000);

  test("is taken down without its volumes", async () => {
    const before = project.volumes();
    expect(before.length).toBeGreaterThanOrEqual(5);
    await succeed(project, ["down"]);
    expect(project.health()).toEqual({});
    expect(project.volumes()).toEqual(before);
  }, 120_000);
});

const services = [
  "alertmanager",
  "nginx",
  "node-exporter",
  "postgres",
  "postgres-exporter",
  "prometheus",
  "redis",
  "redis-exporter",
];

/** What there is only once something went wrong. */
const notYet: string[] = [];
