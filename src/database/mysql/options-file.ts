import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { usageError } from "../../errors.ts";
import { type DatabaseAddress, unreadableUrl } from "../address.ts";

/** The name of the database that the address means. */
export function mysqlDatabase(address: DatabaseAddress): string {
  const name = decodeURIComponent(URL.parse(address.url)?.pathname.slice(1) ?? "");
  if (name !== "") return name;
  throw usageError(
    "The database URL names no database.",
    "Add it: mysql://USER:PASSWORD@HOST/NAME.",
  );
}

/**
 * Writes the connection into a file that only its owner can read, for `--defaults-file`: programs
 * of MySQL and MariaDB take a password safely in no other way.
 * https://mariadb.com/docs/server/server-management/install-and-upgrade-mariadb/configuring-mariadb/configuring-mariadb-with-option-files
 * @param scratch a folder for temporary files
 */
export async function writeOptionsFile(
  address: DatabaseAddress,
  scratch: string,
): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = join(scratch, "connection");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const path = join(folder, "options.cnf");
  await writeFile(path, optionsText(address.url), { mode: 0o600 });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

export function optionsText(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) throw unreadableUrl();
  const { hostname, port, username, password, searchParams } = parsed;
  const socket = searchParams.get("socketPath") ?? searchParams.get("socket");
  const options: Record<string, string> = {
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    "default-character-set": "utf8mb4",
    // One row may be as large as the server allows.
    "max-allowed-packet": "1G",
  };
  if (socket === null) {
    // Without it, "localhost" would mean a socket, and the port would be ignored.
    Object.assign(options, { protocol: "tcp", host: decodeURIComponent(hostname) });
    if (port !== "") options["port"] = port;
  } else {
    Object.assign(options, { protocol: "socket", socket });
  }
  // Each family knows one of the two words; "loose" makes the other ignore it.
  if (
    /^(true|1|required|verify.*)$/i.test(
      searchParams.get("ssl") ?? searchParams.get("ssl-mode") ?? "",
    )
  ) {
    Object.assign(options, { "loose-ssl": "1", "loose-ssl-mode": "REQUIRED" });
  }
  const authority = searchParams.get("ssl-ca");
  if (authority !== null) options["ssl-ca"] = authority;
  const lines = Object.entries(options).map(([name, value]) => `${name}=${quoted(value)}`);
  return `[client]\n${lines.join("\n")}\n`;
}

const escapes: Record<string, string> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function quoted(value: string): string {
  return `"${value.replace(/[\\"\n\r\t]/g, (character) => escapes[character] ?? character)}"`;
}
