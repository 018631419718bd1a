/** Light or dark as the reader's system says. Curves differ in dashes as well as in colour. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --soft: #5b6570; --line: #d8dde3;
  --normal: #0b6fb8; --anomaly: #c2410c; --c2: #15803d; --c3: #7c3aed; --c4: #a16207; --c5: #be185d; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e8eaed; --soft: #a2abb5; --line: #333a42;
  --normal: #6cb6f2; --anomaly: #fb923c; --c2: #4ade80; --c3: #c4a7fb; --c4: #facc15; --c5: #f472b6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
p, li { max-width: 60rem; } code { font-size: .95em; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { padding: .3rem .5rem; font-size: .92rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; } td.text { text-align: left; white-space: normal; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: .9rem; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.grid { stroke: var(--line); stroke-width: 1; }
.curve { fill: none; stroke-width: 1.8; }
.c0 { stroke: var(--normal); } .c1 { stroke: var(--anomaly); stroke-dasharray: 7 3; }
.c2 { stroke: var(--c2); stroke-dasharray: 2 3; } .c3 { stroke: var(--c3); stroke-dasharray: 10 3 2 3; }
.c4 { stroke: var(--c4); stroke-dasharray: 4 4; } .c5 { stroke: var(--c5); stroke-dasharray: 12 4; }
rect.normal, circle.normal { fill: var(--normal); fill-opacity: .45; }
rect.anomaly { fill: var(--anomaly); fill-opacity: .45; }
path.anomaly { stroke: var(--anomaly); stroke-width: 1.3; fill: none; }
.threshold { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 3; }
.key { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; font-size: .9rem; }
.key svg { width: 2.2rem; height: .8rem; vertical-align: middle; margin-right: .35rem; }
details { border-top: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; font-weight: 600; }
`;
