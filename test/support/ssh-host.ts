import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createConnection } from "node:net";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "./processes.ts";
import { binary, freePort } from "./studio.ts";

/** A host that is reached by OpenSSH on loopback, with a home of its own. */
export interface SshHost {
  /** What stands in studio.yaml. */
  address: string;
  port: number;
  home: string;
  /** For processes that connect to it: their ssh configuration and keys lie in this home. */
  env: Record<string, string>;
  knownHosts: string;
  authorizedKeys: string;
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

const repository = resolve(import.meta.dirname, "../..");

/** As root, the host sees neither this repository nor its Node.js: it is given all by studio. */
const hides =
  process.getuid?.() === 0 &&
  spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

/** Starts an sshd as this user, with keys of its own; `HOME` is another there than here. */
export async function startSshHost(): Promise<SshHost> {
  // Short, so that the sockets of what serves there find room below it.
  const folder = mkdtempSync("/tmp/h-");
  const [home, client, bin] = ["h", "client", "bin"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [home, client, bin, join(client, ".ssh")]) mkdirSync(path, { mode: 0o700 });
  chmodSync(folder, 0o755);
  const hostKey = makeKey(join(folder, "host_key"));
  const authorizedKeys = join(folder, "authorized_keys");
  writeFileSync(authorizedKeys, makeKey(join(client, ".ssh", "id_ed25519")), { mode: 0o600 });
  const port = await freePort();
  const path = `${hides ? "" : `${dirname(process.execPath)}:`}/usr/local/bin:/usr/bin:/bin`;
  const configuration = join(folder, "sshd_config");
  writeFileSync(
    configuration,
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(folder, "host_key")}`,
      `AuthorizedKeysFile ${authorizedKeys}`,
      `PidFile ${join(folder, "pid")}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "StrictModes no",
      "PermitRootLogin yes",
      // The session's own home would be that of the account.
      `ForceCommand HOME=${home} PATH=${path}; export HOME PATH; cd; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"`,
    ].join("\n"),
  );
  const daemon = await startDaemon(configuration, port);
  const address = `studio-test-${port}`;
  const knownHosts = join(client, ".ssh", "known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${hostKey}`);
  const settings = [
    `Host ${address}`,
    "  HostName 127.0.0.1",
    `  Port ${port}`,
    `  User ${userInfo().username}`,
    `  IdentityFile ${join(client, ".ssh", "id_ed25519")}`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${knownHosts}`,
  ];
  writeFileSync(join(client, ".ssh", "config"), settings.join("\n"));
  // ssh takes the configuration from the account's home, not from HOME.
  const program = `#!/bin/sh\nexec /usr/bin/ssh -F ${join(client, ".ssh", "config")} "$@"\n`;
  writeFileSync(join(bin, "ssh"), program, { mode: 0o755 });
  const PATH = `${bin}:${dirname(process.execPath)}:${process.env["PATH"]}`;
  return {
    address,
    port,
    home,
    knownHosts,
    authorizedKeys,
    env: { HOME: client, PATH },
    async stop() {
      takeDownAll(home);
      daemon.kill();
      // What ends there meanwhile removes files of its own, at which this stops without an error.
      for (let attempt = 0; existsSync(folder) && attempt < 20; attempt += 1) {
        rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
        if (existsSync(folder)) await sleep(100);
      }
    },
  };
}

function makeKey(file: string): string {
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  return readFileSync(`${file}.pub`, "utf8");
}

async function startDaemon(configuration: string, port: number): Promise<ChildProcess> {
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const start = `exec ${server} -D -e -f ${configuration}`;
  const hide = `mount -t tmpfs none ${repository} && ${start}`;
  const [file, ...argv] = hides ? ["unshare", "-m", "sh", "-c", hide] : ["sh", "-c", start];
  const daemon = spawn(file ?? "", argv, { stdio: "ignore" });
  await until("sshd listens", () => answers(port));
  return daemon;
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection(port, "127.0.0.1");
    const end = (is: boolean) => {
      socket.destroy();
      done(is);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** Ends what serves for the projects there. */
function takeDownAll(home: string): void {
  const folder = join(home, "studio");
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const environment = name.slice(name.lastIndexOf("-") + 1);
    const argv = [binary, "down", "--env", environment, "--lock-wait", "30s"];
    const env = { ...process.env, HOME: home };
    spawnSync(process.execPath, argv, { cwd: join(folder, name), env });
  }
}
