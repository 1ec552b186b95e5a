import { type Weakness, namesSecret, weaknessOf } from "../../../../config/weak-secrets.ts";

/** How a secret that is written somewhere can be guessed; null where nothing is seen. */
export type Judgement = Weakness | "empty" | null;

/** Without these, a server lets everybody in, or everybody can sign. */
const indispensable =
  /(jwt|session|cookie|signing|encryption|master|auth|private)_?(secret|key)|secret_?key|^(postgres|mysql_root|mariadb_root|mongo_initdb_root|minio_root|gf_security_admin)_password$/i;

/** Turned on, they stand for a password that is not asked for. */
const doors =
  /^(ALLOW_EMPTY_PASSWORD|(MYSQL|MARIADB)_ALLOW_EMPTY(_ROOT)?_PASSWORD|POSTGRES_HOST_AUTH_METHOD)$/;

/**
 * Judges a variable by all that it may hold: a secret by its name, the password of an address or of
 * a connection string, a user and a password together, and what a JSON object says.
 * @param users whose names a lazy password may repeat
 */
export function judgeVariable(
  name: string,
  value: string,
  users: readonly string[] = [],
): Judgement {
  if (doors.test(name)) return /^(1|true|yes|on|trust)$/i.test(value.trim()) ? "default" : null;
  const passwords = passwordsIn(value);
  if (passwords.length > 0) {
    return worst(passwords.map((one) => weaknessOf(one.value, [one.user, ...users])));
  }
  const inObject = judgeObject(value);
  if (inObject !== null) return inObject;
  const pair = /auth|credential|login/i.test(name) ? pairIn(value) : null;
  if (pair !== null && weaknessOf(pair.value, [pair.user]) === "default") return "default";
  if (!namesSecret(name)) return null;
  if (value.trim() === "") return indispensable.test(name) ? "empty" : null;
  return weaknessOf(value, [name, ...users]);
}

/** Of env files, INI, YAML and JSON; Redis puts a blank between. */
const assignment =
  /^\s*(?:export\s+)?"?((?:requirepass|masterauth)(?=\s)|[A-Za-z_][\w.-]*(?="?\s*[=:]))"?\s*[=:]?\s*(.*?)[,;]?\s*$/;

/** The same of a text such as an env file or a configuration: only what everybody knows counts. */
export function judgeText(text: string): Judgement {
  const found = text.split("\n").map((line) => {
    const [, name = "", value = ""] = assignment.exec(line) ?? [];
    const bare = value.replaceAll(/^["']|["']$/g, "");
    return /^\s*(#|\/\/)/.test(line) || bare.startsWith("$") ? null : judgeVariable(name, bare);
  });
  return found.includes("default") ? "default" : null;
}

/** Of a command's words: `--requirepass X`, `--token=X`; a shell's variables are not looked into. */
export function judgeWords(words: readonly string[]): Judgement {
  const all = words.flatMap((word) => word.trim().split(/\s+/));
  return worst(
    all.map((word, index) => {
      const [, name = "", given] = /^-{1,2}([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
      const value = (given ?? all[index + 1] ?? "").replaceAll(/^["']|["']$/g, "");
      if (name === "" || !namesSecret(name) || /^[-$]|^$/.test(value)) {
        return worst(passwordsIn(word).map((one) => weaknessOf(one.value, [one.user])));
      }
      return weaknessOf(value, [name]);
    }),
  );
}

export function worst(all: readonly Judgement[]): Judgement {
  return (["default", "empty", "weak"] as const).find((one) => all.includes(one)) ?? null;
}

interface Password {
  user: string;
  value: string;
}

/** Of addresses, and of connection strings of other forms; an address without one has none. */
function passwordsIn(text: string): Password[] {
  const found: Password[] = [];
  // Host and port may be several, or missing: such an address is none to the URL standard.
  for (const [, user = "", value = ""] of text.matchAll(
    /[a-z][a-z0-9+.-]*:\/\/([^:@/\s]*):([^\s]*?)@(?=[^@\s]*(?:\s|$|,))/gi,
  )) {
    found.push({ user: decoded(user), value: decoded(value) });
  }
  const dsn = /^([^:@/\s]+):([^@\s]+)@(?:tcp|unix)\(/.exec(text);
  if (dsn !== null) found.push({ user: dsn[1] ?? "", value: dsn[2] ?? "" });
  const isConnection = /:\/\/|(^|[;\s])(host|server|data source|dbname|user( id)?)=/i.test(text);
  for (const [, value = ""] of isConnection
    ? text.matchAll(/(?:^|[?&;\s])(?:password|passwd|pwd|pass)=([^&;\s]+)/gi)
    : []) {
    found.push({ user: "", value: decoded(value) });
  }
  return found.filter(({ value }) => value !== "");
}

/** `admin:admin`, `neo4j/neo4j` */
function pairIn(value: string): Password | null {
  const [, user, password] = /^([^\s:/]+)[:/]([^\s/]+)$/.exec(value) ?? [];
  return user === undefined || password === undefined ? null : { user, value: password };
}

function judgeObject(value: string): Judgement {
  if (!/^\s*[{[]/.test(value)) return null;
  try {
    return judgeEntries(JSON.parse(value));
  } catch {
    return null;
  }
}

function judgeEntries(value: unknown): Judgement {
  if (typeof value !== "object" || value === null) return null;
  return worst(
    Object.entries(value).map(([name, one]: [string, unknown]) =>
      typeof one === "string" ? judgeVariable(name, one) : judgeEntries(one),
    ),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
