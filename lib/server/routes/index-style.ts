/** The style of the page at `/`: one text, for the page's policy names it by its hash. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f9fb; --surface: #ffffff; --ink: #0d1b26; --soft: #51687a; --line: #d9e4ec; --ice: #0a7ea4; --on-ice: #ffffff; --live: #d7263d;
  --shadow: 0 1px 2px rgb(13 27 38 / 0.04), 0 6px 24px rgb(13 27 38 / 0.06);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0b1620; --surface: #12212e; --ink: #e6f0f6; --soft: #9bb3c4; --line: #21384a; --ice: #5cc8ec; --on-ice: #0b1620; --live: #ff5a6b;
    --shadow: 0 1px 2px rgb(0 0 0 / 0.3), 0 6px 24px rgb(0 0 0 / 0.25);
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
.page { max-width: 1200px; margin: 0 auto; padding: 0 16px; }
a { color: var(--ice); text-decoration-thickness: 1px; text-underline-offset: 3px; }
a:focus-visible, summary:focus-visible, audio:focus-visible, video:focus-visible { outline: 2px solid var(--ice); outline-offset: 3px; border-radius: 4px; }
header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px 24px; padding: 20px 0; }
.brand { display: flex; align-items: center; gap: 12px; font-size: 22px; font-weight: 650; letter-spacing: -0.02em; }
.brand svg { width: 32px; height: 32px; color: var(--ice); }
.count { color: var(--soft); display: flex; gap: 16px; align-items: center; }
.dot { display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--live); margin-right: 6px; vertical-align: 1px; }
.live { color: var(--live); font-weight: 600; white-space: nowrap; }
h1, h2, h3, p { margin: 0; }
main { padding: 4px 0 32px; }
.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: 20px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); align-items: stretch; }
.cards:has(> :only-child) { grid-template-columns: minmax(0, 720px); justify-content: center; }
.card { display: flex; flex-direction: column; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow); overflow: hidden; min-width: 0; }
.stage { display: grid; background: #05090d; aspect-ratio: 16 / 9; }
.stage video { width: 100%; height: 100%; min-height: 0; display: block; object-fit: contain; }
.stage.apart { color: #e6f0f6; place-items: center; align-content: center; gap: 12px; padding: 16px; text-align: center; font-size: 13px;
  background: radial-gradient(120% 120% at 50% 0%, #1d4258, #0b1620 70%); }
.stage.sound { flex: 1 0 96px; aspect-ratio: auto; padding: 20px; color: #5cc8ec; place-items: center; background: radial-gradient(120% 120% at 50% 0%, #1d4258, #0b1620 70%); }
.stage.sound + .text { flex: none; }
.stage.sound svg { height: 56px; width: 100%; }
.text { display: flex; flex-direction: column; gap: 12px; padding: 16px; flex: 1; min-width: 0; }
.meta { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 12px; font-size: 13px; color: var(--soft); }
.name, .now, .about { text-align: left; }
.name { font-size: 22px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
.now { font-size: 17px; line-height: 1.35; }
.soft { color: var(--soft); }
.small { font-size: 13px; color: var(--soft); }
audio { width: 100%; height: 44px; display: block; }
.chips { list-style: none; display: flex; flex-wrap: wrap; gap: 6px; margin: 0; padding: 0; }
.chips li { font-size: 13px; color: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 1px 8px; white-space: nowrap; }
.links { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: auto; padding-top: 12px; border-top: 1px solid var(--line); font-size: 13px; }
.links a { padding: 4px 0; }
.links.forms { margin-top: -8px; padding-top: 0; border-top: 0; }
.links.forms span { padding: 4px 0; color: var(--soft); }
.button { display: inline-block; background: #5cc8ec; color: #0b1620; border-radius: 8px; padding: 8px 16px; font-size: 15px; font-weight: 600; text-decoration: none; }
.empty { text-align: center; padding: 40px 0 32px; }
.empty svg { width: 72px; height: 72px; color: var(--ice); }
.empty h1 { text-wrap: balance; font-size: 30px; line-height: 1.2; letter-spacing: -0.02em; font-weight: 650; margin: 12px 0 8px; }
.ways { display: grid; gap: 20px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); align-items: start; text-align: left; }
.way { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow); padding: 20px; min-width: 0; }
.way h2, .way h3 { font-size: 17px; font-weight: 650; }
.way p { margin: 4px 0 12px; }
.way p:last-child { margin-bottom: 0; }
dl { display: grid; grid-template-columns: minmax(96px, max-content) minmax(0, 1fr); gap: 8px 16px; margin: 0; }
dt { color: var(--soft); font-size: 13px; padding-top: 3px; }
dd { margin: 0; min-width: 0; }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
dd code { background: var(--ground); border: 1px solid var(--line); border-radius: 6px; padding: 2px 6px; display: inline-block; max-width: 100%; user-select: all; }
pre { margin: 0 0 12px; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; padding: 12px; white-space: pre-wrap; user-select: all; }
pre .part { display: inline-block; max-width: 100%; }
mark { background: none; color: var(--ice); font-weight: 650; }
details { margin-top: 32px; }
summary { cursor: pointer; font-weight: 600; padding: 8px 0; }
details .ways { margin-top: 12px; }
.off { margin-top: 32px; }
.off ul { list-style: none; margin: 8px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 20px; }
footer { border-top: 1px solid var(--line); padding: 16px 0 32px; font-size: 13px; color: var(--soft); display: flex; flex-wrap: wrap; gap: 4px 20px; }
@media (max-width: 480px) {
  dl { grid-template-columns: minmax(0, 1fr); gap: 2px; }
  dd { margin-bottom: 8px; }
  .way { padding: 16px; }
}
`
