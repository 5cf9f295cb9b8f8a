# Claims: what the papers report, beside what was computed.
# In:  studies/{study}/claims.csv, results/analysis/{study}/quantities.csv
# Out: results/claims/{study}.{csv,md}, all of them in results/claims.{csv,md}

# A study that makes claims has a table of them.
CLAIMED = [
    study
    for study in EXPERIMENT.studies
    if (SOURCE / "studies" / study / "claims.csv").exists()
]


rule check_claims:
    """Hold every claim of a study's papers against what was computed."""
    input:
        claims=source_file("studies/{study}/claims.csv"),
        quantities="<results>/analysis/{study}/quantities.csv",
    output:
        table="<results>/claims/{study}.csv",
        page="<results>/claims/{study}.md",
    log:
        "<logs>/check_claims/{study}.log",
    benchmark:
        "<benchmarks>/check_claims/{study}.tsv"
    conda:
        source_file("envs/analysis.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=1000, runtime=10),
    params:
        scale=lambda wildcards: EXPERIMENT.studies[wildcards.study].data or CONFIG.scale,
        code=code_of("check_claims"),
    script:
        source_file("workflow_scripts/check_claims.py")


rule collect_claims:
    """Join the claims of all studies."""
    input:
        tables=expand("<results>/claims/{study}.csv", study=CLAIMED),
        pages=expand("<results>/claims/{study}.md", study=CLAIMED),
    output:
        table=report(
            "<results>/claims.csv",
            caption=source_file("docs/report/claims.rst"),
            category="Claims",
        ),
        page="<results>/claims.md",
    log:
        "<logs>/collect_claims.log",
    benchmark:
        "<benchmarks>/collect_claims.tsv"
    conda:
        source_file("envs/analysis.yaml")
    threads: 1
    resources:
        **on_cpu(mem_mb=1000, runtime=10),
    params:
        studies=CLAIMED,
        code=code_of("collect_claims"),
    script:
        source_file("workflow_scripts/collect_claims.py")
