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

/** Bytes that a key of HMAC with SHA-256 has at least (RFC 7518, section 3.2): it signs for everybody. */
const shortestKey = 32;

/** Such a variable turns something on, or was meant to. */
const switches = new Set("true false yes no on off".split(" "));

/**
 * @param names what a lazy secret may repeat: its own name, the user that it belongs to
 * @returns null for one in which no weakness is seen, and for an empty one: that is for others to say
 */
export function weaknessOf(value: string, names: readonly string[] = []): Weakness | null {
  const bare = value.trim().normalize("NFKC").toLowerCase();
  if (bare === "") return null;
  if (switches.has(bare)) return names.some(turnsOn) || names.length === 0 ? null : "weak";
  if ([bare, ...decodings(value.trim())].some(isKnown)) return "default";
  if (names.some((name) => name.toLowerCase() === bare)) return "default";
  const least = names.some(namesSigningKey) ? shortestKey : shortest;
  const isShort = Buffer.byteLength(value.trim()) < least;
  const few = isShort || new Set(value.trim()).size < fewestKinds;
  return few || isSequence(bare) ? "weak" : null;
}

function isKnown(text: string): boolean {
  const joined = text.replaceAll(/[^a-z0-9]+/g, "_");
  if (placeholder.test(joined)) return true;
  const plain = joined.replaceAll("_", "");
  // A year or a number behind a word makes it no secret; many digits may.
  const word = text.replaceAll(/^[^a-z]{1,10}|[^a-z]{1,10}$/g, "");
  return [plain, word.replaceAll(/[^a-z0-9]+/g, ""), ...spelledOut(text), ...spelledOut(word)].some(
    (one) => defaults.has(repeatedPart(one)),
  );
}

/** `p@ssw0rd` and the like in letters. */
function spelledOut(text: string): string[] {
  const letters: Readonly<Record<string, string>> = {
    "@": "a",
    "4": "a",
    "0": "o",
    "3": "e",
    $: "s",
    "5": "s",
    "7": "t",
  };
  return ["i", "l"].map((one) =>
    text
      .replaceAll(/[@403$57]/g, (sign) => letters[sign] ?? sign)
      .replaceAll(/[1!]/g, one)
      .replaceAll(/[^a-z]+/g, ""),
  );
}

/** `admin` of `adminadmin`. */
function repeatedPart(text: string): string {
  return /^(.{3,}?)\1+$/.exec(text)?.[1] ?? text;
}

/** What a text says in base64 or hex, where that is text again. */
function decodings(text: string): string[] {
  const found: string[] = [];
  if (/^[A-Za-z0-9+/]{6,}={0,2}$/.test(text)) found.push(Buffer.from(text, "base64").toString());
  if (/^([0-9a-f]{2}){4,}$/i.test(text)) found.push(Buffer.from(text, "hex").toString());
  return found
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one.length > 3 && /^[ -~]+$/.test(one));
}

const keyboard = "qwertyuiopasdfghjklzxcvbnm1234567890";

/** Signs in the order of the alphabet, of the digits or of the keyboard. */
function isSequence(text: string): boolean {
  if (keyboard.includes(text)) return true;
  const codes = Array.from(text, (sign) => sign.codePointAt(0) ?? 0);
  const inOrder = codes.filter((code, index) => Math.abs(code - (codes[index - 1] ?? 0)) <= 1);
  return inOrder.length >= codes.length * 0.75;
}

const secretWords = new Set(
  "password passwd passphrase pass pwd pw secret token apikey credential credentials".split(" "),
);
const keyWords = new Set(
  "api app access private secret signing encryption master auth jwt session cookie".split(" "),
);

/** Written in one word: `PGPASSWORD`, `JWTSECRET`, `requirepass`. */
const glued =
  /^[a-z0-9]+(password|passwd|passphrase|secret|secretkey|apikey|authtoken|accesstoken)$|^(db|user|redis|mysql|postgres|pg|root|admin|require|smtp|mail|ftp|mongo|ldap)pass$|^masterauth$/;

const commands = new Set(
  (
    "use enable enabled require required allow allowed disable disabled random has no skip show " +
    "hide mask force rotate with is generate auto automount check verify validate reset sync"
  ).split(" "),
);

const wordsOf = (name: string): string[] =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");

/** `REQUIRE_PASSWORD` says whether there is one. */
const turnsOn = (name: string): boolean => wordsOf(name).some((word) => commands.has(word));

/** `JWT_SECRET_TTL`, `TOKEN_URL` and the like say something about a secret. */
const aboutSecrets = new Set(
  (
    "file path name header ttl expiry expires expiration seconds minutes hours days algorithm " +
    "length limit url uri host port enabled required policy type issuer audience min max size count id " +
    "backend store provider engine mode format prefix driver source class manager service"
  ).split(" "),
);

const signers = new Set("jwt session cookie signing csrf".split(" "));
const applications = new Set("app application django flask rails".split(" "));

/** `JWT_SECRET_KEY`, `SESSION_SECRET`, `SECRET_KEY`; not `AWS_SECRET_KEY`, which others hand out. */
function namesSigningKey(name: string): boolean {
  const words = wordsOf(name).filter((word) => word !== "base");
  if (!["key", "secret"].includes(words.at(-1) ?? "")) return false;
  const others = words.filter((word) => word !== "key" && word !== "secret");
  return others.length === 0
    ? words.includes("secret")
    : others.every((word) => applications.has(word)) || others.some((word) => signers.has(word));
}

/** Whether a variable of this name holds a secret. */
export function namesSecret(name: string): boolean {
  const words = wordsOf(name);
  if (aboutSecrets.has(words.at(-1) ?? "")) return false;
  return words.some(
    (word, index) =>
      secretWords.has(word) ||
      glued.test(word) ||
      (/^keys?$/.test(word) && keyWords.has(words[index - 1] ?? "")),
  );
}
