import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createConnection } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { until } from "./processes.ts";
import { binary, freePort } from "./studio.ts";

/** A host that is reached by OpenSSH on loopback, with a home of its own. */
export interface SshHost {
  /** What stands in studio.yaml. */
  address: string;
  home: string;
  /** For processes that connect to it: their ssh configuration and keys lie in this home. */
  env: Record<string, string>;
  /** What every session there finds in its environment besides. */
  setEnvironment(variables: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
}

const server = ["/usr/sbin/sshd", "/usr/lib/ssh/sshd"].find((file) => existsSync(file));

/** Why there is no such host here; null where there is. */
export const sshUnavailable: string | null =
  server === undefined
    ? "there is no sshd (Debian: openssh-server)"
    : spawnSync("ssh", ["-V"]).status === 0
      ? null
      : "there is no ssh (Debian: openssh-client)";

/** Starts an sshd as this user, with keys of its own; `HOME` is another there than here. */
export async function startSshHost(): Promise<SshHost> {
  const folder = mkdtempSync(join(tmpdir(), "studio-ssh-host-"));
  const home = join(folder, "home");
  const client = join(folder, "client");
  mkdirSync(home);
  mkdirSync(join(client, ".ssh"), { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const hostKey = makeKey(join(folder, "host_key"));
  const clientKey = makeKey(join(client, ".ssh", "id_ed25519"));
  writeFileSync(join(folder, "authorized_keys"), clientKey, { mode: 0o600 });
  const port = await freePort();
  const PATH = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
  const configuration = (variables: Record<string, string>) => {
    const set = Object.entries({ HOME: home, PATH, ...variables });
    return [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(folder, "host_key")}`,
      `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
      `PidFile ${join(folder, "pid")}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "StrictModes no",
      "PermitRootLogin yes",
      "MaxStartups 100",
      `SetEnv ${set.map(([name, value]) => `"${name}=${value}"`).join(" ")}`,
      // The session's own HOME is that of the account, whatever SetEnv says.
      `ForceCommand HOME=${home}; export HOME; cd; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"`,
    ].join("\n");
  };
  const file = join(folder, "sshd_config");
  writeFileSync(file, configuration({}));
  mkdirSync("/run/sshd", { recursive: true });
  const daemon = await startDaemon(file, port);
  const { username } = userInfo();
  const alias = `studio-test-${port}`;
  writeFileSync(
    join(client, ".ssh", "config"),
    [
      `Host ${alias}`,
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      `  User ${username}`,
      `  IdentityFile ${join(client, ".ssh", "id_ed25519")}`,
      "  IdentitiesOnly yes",
      `  UserKnownHostsFile ${join(client, ".ssh", "known_hosts")}`,
    ].join("\n"),
  );
  appendFileSync(join(client, ".ssh", "known_hosts"), `[127.0.0.1]:${port} ${hostKey}`);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  // ssh takes the configuration from the account's home, not from HOME.
  const program = `#!/bin/sh\nexec /usr/bin/ssh -F ${join(client, ".ssh", "config")} "$@"\n`;
  writeFileSync(join(bin, "ssh"), program, { mode: 0o755 });
  return {
    address: alias,
    home,
    env: { HOME: client, PATH: `${bin}:${dirname(process.execPath)}:${process.env["PATH"]}` },
    async setEnvironment(variables) {
      writeFileSync(file, configuration(variables));
      daemon.kill("SIGHUP");
      await until("sshd listens again", () => answers(port));
    },
    async stop() {
      daemon.kill();
      await takeDownAll(home);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeKey(file: string): string {
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  return readFileSync(`${file}.pub`, "utf8");
}

async function startDaemon(configuration: string, port: number): Promise<ChildProcess> {
  const daemon = spawn(server ?? "", ["-D", "-e", "-f", configuration], { stdio: "ignore" });
  await until("sshd listens", () => answers(port));
  return daemon;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => resolve(true) ?? socket.destroy());
    socket.once("error", () => resolve(false));
  });
}

/** Ends what serves for the projects there. */
async function takeDownAll(home: string): Promise<void> {
  const folder = join(home, "studio");
  if (!existsSync(folder)) return;
  const { readdirSync } = await import("node:fs");
  for (const name of readdirSync(folder)) {
    const environment = name.slice(name.indexOf("-") + 1);
    const argv = [binary, "down", "--env", environment, "--lock-wait", "30s"];
    spawnSync(process.execPath, argv, {
      cwd: join(folder, name),
      env: { ...process.env, HOME: home },
    });
  }
}
