/** Sent with every answer: an API has no reason to be framed, sniffed or to load anything. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "x-xss-protection": "1; mode=block",
  "strict-transport-security": "max-age=31536000",
  "content-security-policy": "default-src 'self'",
  "referrer-policy": "no-referrer",
};
