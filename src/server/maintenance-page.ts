/**
 * The page for browsers while the public is told to come back later.
 * @param message as an operator wrote it: shown as text, whatever it holds
 * @param refresh seconds after which a browser asks again
 */
export function maintenancePage(message: string, refresh: number): string {
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <meta http-equiv="refresh" content="${refresh}">
  <title>Back in a moment</title>
  <h1>Back in a moment</h1>
  <p>${escapeText(message)}</p>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escapeText = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
