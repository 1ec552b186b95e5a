import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, test } from "vitest";
import { findProgram } from "../../support/programs.ts";
import { renderStack } from "../../support/stack.ts";

interface Service {
  image: string;
  user?: string;
  read_only?: boolean;
  privileged?: boolean;
  network_mode?: string;
  container_name?: string;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  restart?: string;
  healthcheck?: object;
  labels?: Record<string, string>;
  logging?: { options: Record<string, string> };
  networks: Record<string, unknown>;
  ports?: { host_ip?: string; published: string }[];
  volumes?: { source: string; read_only?: boolean; type: string }[];
  deploy?: { resources: { limits: { cpus: number; memory: string; pids: number } } };
}

interface Stack {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
}

const { folder, remove } = renderStack();
afterAll(remove);

const docker = findProgram("docker", "the compose files");
const hasCompose = docker !== null && spawnSync(docker, ["compose", "version"]).status === 0;
if (docker !== null && !hasCompose) {
  process.stderr.write("Tests of the compose files are left out: docker has no compose.\n");
}

const all = ["", ".monitoring", ".logging", ".options"].map((part) => `compose${part}.yaml`);
const profiles = ["production", "monitoring", "logging", "elk", "frontend", "ollama", "mlflow"];

function compose(environment: string | null, files: string[], chosen: string[]) {
  const argv = [
    "compose",
    ...(environment === null ? [] : ["--env-file", `.env.${environment}`]),
    ...files.flatMap((file) => ["-f", file]),
    ...chosen.flatMap((profile) => ["--profile", profile]),
    "config",
    "--format",
    "json",
  ];
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync("docker", argv, {
    cwd: folder,
    env: { PATH, HOME },
    encoding: "utf8",
  });
  return { status, stderr, stack: () => JSON.parse(stdout) as Stack };
}

function stackOf(chosen: string[]): Stack {
  const result = compose("production", all, chosen);
  expect(result.stderr).toBe("");
  expect(result.status).toBe(0);
  return result.stack();
}

const namesOf = (stack: Stack) => Object.keys(stack.services).toSorted();
const portsOf = (service: Service) =>
  (service.ports ?? []).map(({ host_ip, published }) => [host_ip, published]);

const whole: Stack = hasCompose ? stackOf(profiles) : { services: {}, networks: {} };

describe.skipIf(!hasCompose)("the compose files", () => {
  // A profile adds its services to those of the others: each alone, each in production, and all.
  const chosen = [
    [],
    ...profiles.map((profile) => [profile]),
    ...profiles.slice(1).map((profile) => ["production", profile]),
  ].map((some) => ({ some, words: some.join(" and ") || "none" }));

  test.each(chosen)("are valid with these profiles: $words", ({ some }) => {
    const names = namesOf(stackOf(some.filter(Boolean)));
    expect(names).toEqual(expect.arrayContaining(["api", "postgres", "redis"]));
    expect(names.includes("nginx")).toBe(some.includes("production"));
  });

  test("publish in production the proxy's 80 and 443, and nothing else off loopback", () => {
    const { services } = whole;
    const published = Object.entries(services).flatMap(([name, service]) =>
      portsOf(service)
        .filter(([address]) => address !== "127.0.0.1")
        .map(([, port]) => `${name} ${port}`),
    );
    expect(published).toEqual(["nginx 80", "nginx 443"]);
    expect(portsOf(services["api"] as Service)).toEqual([]);
    const loopback = Object.values(services).flatMap((service) =>
      portsOf(service).map(([, port]) => port),
    );
    for (const port of ["9090", "9093", "3000", "3100", "5601", "8080", "11434"])
      expect(loopback).toContain(port);
  });

  test.each(Object.keys(whole.services))("leave %s nothing that it does not need", (name) => {
    const service = whole.services[name] as Service;
    expect(service.image).toMatch(/:(v?\d+\.\d+\S*|local)$/);
    expect(service.privileged ?? false).toBe(false);
    expect(service.network_mode).toBeUndefined();
    expect(service.container_name).toBeUndefined();
    expect(service.cap_drop).toEqual(["ALL"]);
    expect(service.cap_add).toBeUndefined();
    expect(service.security_opt).toEqual(["no-new-privileges:true"]);
    // Two read Docker's log files, which are root's, without any capability of root.
    const readsLogs = ["alloy", "logstash"].includes(name);
    expect(service.user).toBeDefined();
    expect(/^(0|root)(:|$)/.test(service.user ?? "")).toBe(readsLogs);
    // Elastic's programs write into their own folders.
    const isElastic = ["elasticsearch", "logstash", "kibana"].includes(name);
    expect(service.read_only ?? false).toBe(!isElastic);
    expect(service.restart).toBe(
      // After an engine that was killed, `unless-stopped` starts nothing.
      name === "elasticsearch-accounts" ? "on-failure:5" : "always",
    );
    expect(service.healthcheck !== undefined).toBe(name !== "elasticsearch-accounts");
    expect(service.logging?.options).toMatchObject({ "max-size": "10m", "max-file": "5" });
    const { cpus, memory, pids } = service.deploy?.resources.limits ?? {};
    for (const limit of [cpus, Number(memory), pids]) expect(limit).toBeGreaterThan(0);
    for (const { type, source, read_only } of service.volumes ?? []) {
      expect(source).not.toContain("docker.sock");
      if (type === "bind") expect(read_only, source).toBe(true);
    }
  });

  test("keep the stores where only the stack reaches them", () => {
    const { services, networks } = whole;
    for (const name of ["postgres", "redis"]) {
      expect(Object.keys(services[name]?.networks ?? {})).toEqual(["data"]);
    }
    expect(networks["data"]?.internal).toBe(true);
    expect(networks["application"]?.internal).toBe(true);
    expect(Object.keys(services["nginx"]?.networks ?? {})).toEqual(["application", "edge"]);
  });

  test("tell a deploy which service is switched, and which is the proxy", () => {
    const { services } = stackOf(["production"]);
    expect(services["api"]?.labels).toEqual({
      "studio.switch": "true",
      "studio.port": "8000",
      "studio.drain": "30s",
    });
    expect(services["nginx"]?.labels).toEqual({ "studio.proxy": "nginx" });
  });

  test("need nothing but `docker compose up` for development, on loopback alone", () => {
    const result = compose(null, [], []);
    expect([result.status, result.stderr]).toEqual([0, ""]);
    const stack = result.stack();
    expect(namesOf(stack)).toEqual(["api", "migrate", "postgres", "redis"]);
    const ports = Object.values(stack.services).flatMap(portsOf);
    expect(ports).toEqual([
      ["127.0.0.1", "8000"],
      ["127.0.0.1", "5432"],
      ["127.0.0.1", "6379"],
    ]);
  });

  test("say which variable is missing rather than start with an empty password", () => {
    const { PATH, HOME } = process.env;
    const argv = ["compose", "--env-file", "/dev/null", "-f", "compose.yaml", "config", "-q"];
    const { status, stderr } = spawnSync("docker", argv, {
      cwd: folder,
      env: { PATH, HOME },
      encoding: "utf8",
    });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/required variable \w+ is missing.*studio init --stack/);
  });
});
