import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestImage, testImage } from "./images.ts";

/** A proxy in front of the application of the tests, as an operator would write it. */
export interface Front {
  kind: "nginx" | "caddy" | "haproxy";
  /** Where it is not of the same name. */
  image?: TestImage;
  /** Its own configuration, by paths in the project. */
  files: Record<string, string>;
  /** Of its service, but for image and ports. */
  service: { volumes: string[]; command?: string };
}

const folder = "${STUDIO_PROXY_DIRECTORY:-./.studio/proxy/production}";

/** Requests are never tried twice: what a deploy loses must show. */
const nginx: Front = {
  kind: "nginx",
  files: {
    "conf.d/site.conf": `
include /etc/nginx/studio/upstream.conf;
map $http_accept $page {
  ~text/html /maintenance.html;
  default /maintenance.json;
}
server {
  listen 80;
  include /etc/nginx/studio/maintenance.conf;
  error_page 503 @maintenance;
  location @maintenance {
    root /etc/nginx/studio;
    try_files $page =503;
  }
  location / {
    if ($studio_maintenance) { return 503; }
    proxy_pass http://studio_api;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_next_upstream off;
    proxy_buffering off;
  }
}
`,
  },
  service: { volumes: ["./conf.d:/etc/nginx/conf.d:ro", `${folder}:/etc/nginx/studio:ro`] },
};

const caddy: Front = {
  kind: "caddy",
  files: {
    // It logs where it prints its configuration, and has something of its own beside the application.
    "caddy/Caddyfile": `
{
  log {
    output stdout
  }
}
import /etc/caddy/studio/*.caddy
:80 {
  import studio_maintenance
  import studio_api
  reverse_proxy /beside/* 127.0.0.1:9
}
`,
  },
  service: { volumes: ["./caddy:/etc/caddy:ro", `${folder}:/etc/caddy/studio:ro`] },
};

const haproxy: Front = {
  kind: "haproxy",
  files: {
    "haproxy/haproxy.cfg": `
defaults
  mode http
  option idle-close-on-response
  retries 0
  timeout http-keep-alive 2s
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend public
  bind :80
  default_backend studio_api
`,
  },
  service: {
    volumes: ["./haproxy:/usr/local/etc/haproxy:ro", `${folder}:/usr/local/etc/haproxy/studio:ro`],
    command:
      "haproxy -W -db -f /usr/local/etc/haproxy/haproxy.cfg -f /usr/local/etc/haproxy/studio",
  },
};

/** Debian 12 has it: no name is looked up again, and no connection kept over a reload. */
const olderNginx: Front = { ...nginx, image: "nginx-older" };

export const fronts = { nginx, olderNginx, caddy, haproxy };

/**
 * Writes a front's configuration into a project, and tells its service.
 * @param service the one that is switched
 */
export function placeFront(directory: string, front: Front, service = "api"): object {
  for (const [name, text] of Object.entries(front.files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), text.replaceAll("studio_api", `studio_${service}`));
  }
  // A mount within a mount that is only read needs the folder to be there.
  mkdirSync(join(directory, Object.keys(front.files)[0] ?? "", "..", "studio"), {
    recursive: true,
  });
  return {
    image: testImage(front.image ?? front.kind),
    labels: { "studio.proxy": front.kind },
    ...front.service,
  };
}
