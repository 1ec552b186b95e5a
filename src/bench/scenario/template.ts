const placeholder = /\{\{\s*([\w.-]+)\s*\}\}/g;

/** Puts values into the `{{name}}` of a text, each written as `write` says; unknown ones are empty. */
export function fillTemplate(
  text: string,
  values: Readonly<Record<string, string>>,
  write: (value: string) => string,
): string {
  return text.replace(placeholder, (_, name: string) => write(values[name] ?? ""));
}

/** The names that a request's path, headers and body ask for. */
export function variablesIn(request: {
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}): string[] {
  const text = JSON.stringify([request.path, request.headers, request.body ?? null]);
  return [...new Set([...text.matchAll(placeholder)].map(([, name = ""]) => name))];
}
