"""The report as HTML for a notebook: self-contained, escaped, in the colours of the notebook's theme.

JupyterLab and Notebook 7 set --jp-* variables for light and dark; VS Code sets --vscode-*; Colab and others have
neither, and there the system's preference counts.
"""

from __future__ import annotations

from envaudit.report.layout import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.finding import Finding
    from envaudit.notebook.loaded import Stale
    from envaudit.report.document import Report

MOST = 50  # findings that are drawn; the text report and --format json have all
# Each pair of text and background has a contrast of at least 4.5 to 1 (WCAG 2.1 AA); a test computes it.  Badges carry
# their own background, so they do not depend on the theme.
BADGES = {
    "crash": ("#ffffff", "#b3261e"),
    "error": ("#ffffff", "#9a3412"),
    "degraded": ("#1f1300", "#fbbf24"),
    "notice": ("#ffffff", "#1d4ed8"),
    "ok": ("#ffffff", "#166534"),
    "unknown": ("#ffffff", "#4b5563"),
}
LIGHT = {"text": "#1f2328", "quiet": "#57606a", "back": "#ffffff", "code": "#f3f4f6", "line": "#d0d7de"}
DARK = {"text": "#e6edf3", "quiet": "#a3adb8", "back": "#111111", "code": "#262b33", "line": "#444c56"}


def _style() -> str:
    def variables(colours: dict[str, str]) -> str:
        return ";".join(f"--ea-{name}:{value}" for name, value in colours.items())

    badges = "".join(
        f".envaudit .ea-{level}{{color:{text};background:{back}}}" for level, (text, back) in BADGES.items()
    )
    dark = variables(DARK)
    return (
        f".envaudit{{{variables(LIGHT)};color:var(--jp-content-font-color1,var(--vscode-foreground,var(--ea-text)));"
        "font:14px/1.5 var(--jp-content-font-family,var(--vscode-font-family,system-ui,sans-serif));max-width:60em}"
        f"@media (prefers-color-scheme:dark){{.envaudit{{{dark}}}}}"
        f"[data-jp-theme-light=true] .envaudit,html[theme=light] .envaudit{{{variables(LIGHT)}}}"
        f"[data-jp-theme-light=false] .envaudit,.vscode-dark .envaudit,html[theme=dark] .envaudit{{{dark}}}"
        ".envaudit p{margin:.3em 0}.envaudit .ea-quiet{color:var(--ea-quiet)}"
        ".envaudit .ea-item{border-top:1px solid var(--ea-line);padding:.5em 0}"
        ".envaudit .ea-badge{border-radius:3px;padding:0 .5em;font-weight:600;font-size:.9em;margin-right:.5em}"
        ".envaudit.envaudit pre{color:var(--ea-text);background:var(--ea-code);padding:.5em .8em;border-radius:4px;"
        "overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;word-break:normal;"
        "font:13px/1.45 var(--jp-code-font-family,ui-monospace,monospace);margin:.4em 0}"
        ".envaudit a{color:inherit;text-decoration:underline}.envaudit summary{cursor:pointer}" + badges
    )


def escape(text: str) -> str:
    """Text as HTML, without control characters."""
    from html import escape as escaped

    return escaped(clean(text))


def page(report: Report, stale: list[Stale]) -> str:
    """The whole report."""
    from envaudit.report.text import summary

    verdict = report.verdict()
    findings = report.audit.findings
    parts = [
        f'<div class="envaudit" role="region" aria-label="envaudit report"><style>{_style()}</style>',
        f"<p>{_badge(verdict, verdict)}{_headline(report)}</p>",
        f'<p class="ea-quiet">{escape(summary(report.snapshot))}</p>',
    ]
    if stale:
        rows = "".join(f"<li>{escape(one.words())}</li>" for one in stale)
        parts.append(f'<div class="ea-item"><strong>Restart the kernel:</strong><ul>{rows}</ul></div>')
    parts += [_finding(finding) for finding in findings[:MOST]]
    if len(findings) > MOST:
        parts.append(f"<p>and {len(findings) - MOST} more: <code>envaudit --format json</code> has all</p>")
    if report.plan and report.plan.commands:
        commands = escape("\n".join(report.plan.commands))
        then = "<p>Then restart the kernel: it has the old versions loaded.</p>" if report.plan.restart else ""
        parts.append(
            f'<div class="ea-item"><strong>To mend it</strong> (<code>%envaudit --fix</code> makes a cell of it):'
            f"<pre>{commands}</pre>{then}</div>"
        )
    if report.audit.unchecked:
        rows = "".join(
            f"<li>{escape(entry['what'])}: {escape(entry['because'])}</li>" for entry in report.audit.unchecked[:MOST]
        )
        count = len(report.audit.unchecked)
        parts.append(f'<details class="ea-quiet"><summary>not checked ({count})</summary><ul>{rows}</ul></details>')
    return "".join([*parts, "</div>"])


def _headline(report: Report) -> str:
    findings = report.audit.findings
    if not findings:
        return "nothing here is known to crash" if report.verdict() == "ok" else "nothing could be checked"
    counts: dict[str, int] = {}
    for finding in findings:
        kind = finding.level if finding.certainty == "definite" else f"possible {finding.level}"
        counts[kind] = counts.get(kind, 0) + 1
    several = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}"
    return f"<strong>{several}</strong> ({', '.join(f'{kind}: {count}' for kind, count in counts.items())})"


def _badge(level: str, text: str) -> str:
    return f'<span class="ea-badge ea-{level}">{escape(text)}</span>'


def _finding(finding: Finding) -> str:
    level = finding.level if finding.certainty == "definite" else f"possible {finding.level}"
    source = finding.sources[0] if finding.sources else ""
    link = ""
    if source.startswith(("https://", "http://")):
        link = f' <a href="{escape(source)}" target="_blank" rel="noopener noreferrer">source</a>'
    note = f"<p>{escape(finding.note)}</p>" if finding.note else ""
    pins = ", ".join(f"{name}=={version}" for name, version in (finding.pins or {}).items())
    fix = f"<p>fix: <code>{escape(pins)}</code></p>" if pins else ""
    return (
        f'<div class="ea-item"><p>{_badge(finding.level, level)}<strong>{escape(finding.title)}</strong></p>'
        f"<pre>{escape(finding.symptom)}</pre><p>{escape(finding.why)}</p>{note}{fix}"
        f'<p class="ea-quiet">{escape(finding.rule)} ({escape(finding.proof)}){link}</p></div>'
    )
