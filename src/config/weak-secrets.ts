/** What is wrong with a secret's value, which is itself never told. */
export type Weakness = "default" | "weak";

/** Values of examples and first installations: whoever attacks tries them first. */
const defaults = new Set(
  (
    "admin administrator changeit changeme default demo dev development example foobar grafana " +
    "guest hunter2 insecure letmein minioadmin minio123 mypassword mysecret mysecretpassword " +
    "mysql pass passw0rd password password1 postgres qwerty redis root secret secretkey " +
    "supersecret test testing todo user welcome " +
    "123 1234 12345 123456 1234567 12345678 123456789 1234567890 abc123"
  ).split(" "),
);

/** Told to be replaced by its own words: `change-me-in-production`, `<your-secret-key>`. */
const placeholder =
  /change_?(me|this|it)|replace_?(me|this|with)|(^|_)your_|insert_?your|placeholder|^x{3,}$|^_*todo_*$/;

/** Characters below which a secret can be guessed by trying, where nobody counts the attempts. */
const shortest = 12;
const fewestKinds = 6;

/** Such a variable turns something on, whatever its name. */
const switches = new Set("true false yes no on off".split(" "));

/**
 * @param names what a lazy secret may repeat: its own name, the user that it belongs to
 * @returns null for one in which no weakness is seen, and for an empty one: that is for others to say
 */
export function weaknessOf(value: string, names: readonly string[] = []): Weakness | null {
  const bare = value.trim().toLowerCase();
  if (bare === "" || switches.has(bare)) return null;
  const joined = bare.replaceAll(/[^a-z0-9]+/g, "_");
  const plain = joined.replaceAll("_", "");
  if (defaults.has(plain) || placeholder.test(joined)) return "default";
  if (names.some((name) => name.toLowerCase() === bare)) return "default";
  return bare.length < shortest || new Set(value.trim()).size < fewestKinds ? "weak" : null;
}

const secretWords = new Set("password passwd passphrase pass pwd secret token apikey".split(" "));
const keyWords = new Set(
  "api access private secret signing encryption master auth jwt session cookie".split(" "),
);

/** `JWT_SECRET_TTL`, `TOKEN_URL` and the like say something about a secret. */
const aboutSecrets = new Set(
  (
    "file path name header ttl expiry expires expiration seconds minutes hours days algorithm " +
    "length limit url uri host port enabled required policy type issuer audience min max size count id"
  ).split(" "),
);

/** Whether a variable of this name holds a secret. */
export function namesSecret(name: string): boolean {
  const words = name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  if (aboutSecrets.has(words.at(-1) ?? "")) return false;
  return words.some(
    (word, index) =>
      secretWords.has(word) || (word === "key" && keyWords.has(words[index - 1] ?? "")),
  );
}
