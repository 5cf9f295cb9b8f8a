# Claims: what the papers report, beside what was computed.
# In:  reference/{study}.csv, results/analysis/{study}/quantities.csv
# Out: results/claims/{study}.{csv,md}, and all of them in results/claims.{csv,md}

SCALES = {
    "safarani2021": CONFIG.scale,
    "brainscore2020": "published numbers, no network is trained",
}


rule check_claims:
    """Hold every claim of a paper against what was computed."""
    input:
        claims="reference/{study}.csv",
        quantities="<results>/analysis/{study}/quantities.csv",
    output:
        table="<results>/claims/{study}.csv",
        page="<results>/claims/{study}.md",
    log:
        "<logs>/check_claims/{study}.log",
    benchmark:
        "<benchmarks>/check_claims/{study}.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        scale=lambda wildcards: SCALES[wildcards.study],
        code=code_of("check_claims"),
    script:
        "../workflow_scripts/check_claims.py"


rule collect_claims:
    """Join the claims of all studies."""
    input:
        tables=expand("<results>/claims/{study}.csv", study=SCALES),
        pages=expand("<results>/claims/{study}.md", study=SCALES),
    output:
        table=report(
            "<results>/claims.csv",
            caption="../docs/report/claims.rst",
            category="Claims",
        ),
        page="<results>/claims.md",
    log:
        "<logs>/collect_claims.log",
    benchmark:
        "<benchmarks>/collect_claims.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        studies=list(SCALES),
        scale=CONFIG.scale,
        code=code_of("collect_claims"),
    script:
        "../workflow_scripts/collect_claims.py"
