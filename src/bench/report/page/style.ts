/** The style sheet of the report: light and dark, from telephone to wide screen, no font to fetch. */
export const pageStyle = `
:root { color-scheme: light dark; --back: #fff; --card: #f6f7f9; --ink: #1b1f24; --dim: #5b6470;
  --rule: #d9dee5; --one: #1d5fd0; --two: #b45309; --three: #b0186b; --good: #157347; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --back: #111418; --card: #1b2027; --ink: #e6e9ee;
  --dim: #9aa4b2; --rule: #323a45; --one: #7db1ff; --two: #f5b454; --three: #ff8ac2;
  --good: #5fd08f; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 16px; max-width: 1100px; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 28px 0 8px; }
.sub { color: var(--dim); margin: 0 0 16px; }
.verdict { padding: 10px 14px; border-left: 5px solid var(--rule); background: var(--card); }
.verdict.good { border-color: var(--good); } .verdict.bad { border-color: var(--bad); }
.good b, b.good { color: var(--good); } .bad b, b.bad { color: var(--bad); }
.tiles, .charts { display: grid; gap: 12px; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
.tiles div, figure { background: var(--card); border-radius: 8px; padding: 10px 12px; margin: 0; }
.tiles b { display: block; font-size: 1.25rem; } .tiles span { color: var(--dim); font-size: .85rem; }
figcaption { font-weight: 600; font-size: .95rem; margin-bottom: 6px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-weight: 400; font-size: .85rem; color: var(--dim); }
.legend svg { width: 22px; height: 8px; margin-right: 5px; }
figure > svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--dim); font: 12px system-ui, sans-serif; }
path { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.grid { stroke: var(--rule); stroke-width: 1; }
.line-1 { stroke: var(--one); } .line-2 { stroke: var(--two); stroke-dasharray: 6 4; }
.line-3 { stroke: var(--three); stroke-dasharray: 2 4; }
.none { color: var(--dim); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { color: var(--dim); font-weight: 600; } td.number, th.number { text-align: right; }
@media print { body { max-width: none; } figure { break-inside: avoid; } }
`;
