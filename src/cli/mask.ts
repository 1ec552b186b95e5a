/** Replaces the values of secrets in whatever studio writes. */
export interface Masker {
  add(secret: string): void;
  mask(text: string): string;
}

/** Shorter values would blot out ordinary words. */
const shortestSecret = 4;
const shortestLine = 16;

export function createMasker(): Masker {
  const secrets = new Set<string>();
  return {
    add(secret) {
      if (secret.length < shortestSecret) return;
      secrets.add(secret);
      // Inside JSON a secret appears escaped, inside a URL percent-encoded.
      secrets.add(JSON.stringify(secret).slice(1, -1));
      secrets.add(encodeURIComponent(secret));
      // A log tells a key of many lines one by one.
      for (const line of secret.split("\n").map((one) => one.trim())) {
        if (line.length >= shortestLine && line !== secret) secrets.add(line);
      }
    },
    mask(text) {
      let masked = text;
      for (const secret of [...secrets].toSorted((a, b) => b.length - a.length)) {
        masked = masked.replaceAll(secret, "(secret)");
      }
      return masked;
    },
  };
}
