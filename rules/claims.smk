# Claims: what the papers report, beside what was computed; and what must be true of any run.
# In:  reference/{study}.csv, results/analysis/{study}/quantities.csv; results and tests/results/
# Out: results/claims/{study}.{csv,md}, all of them in results/claims.{csv,md};
#      results/tests/{comparison}.txt

SCALES = {
    "safarani2021": CONFIG.scale,
    "brainscore2020": "published numbers, no network is trained",
    "li2023": CONFIG.scale,
}


wildcard_constraints:
    study="|".join(SCALES),


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
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
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
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        studies=list(SCALES),
        scale=CONFIG.scale,
        code=code_of("collect_claims"),
    script:
        "../workflow_scripts/collect_claims.py"


TESTED = {
    "safarani2021": [
        *rules.regress_robustness.input,
        *rules.score_robustness.output,
        "<results>/claims/safarani2021.csv",
    ],
    "brain_likeness": [
        rules.measure_corruption_errors.output.errors,
        *rules.tabulate_brain_scores.input,
        *rules.compare_likeness.input,
        rules.compare_likeness.output.points,
    ],
    "li2023": [
        *rules.measure_preferred_frequencies.input,
        *rules.measure_preferred_frequencies.output,
    ],
}


wildcard_constraints:
    comparison="|".join(TESTED),


rule test_results:
    """Test what must be true of any run: ranges, intervals, ceilings, controls."""
    input:
        shared="tests/results/conftest.py",
        tests="tests/results/test_{comparison}.py",
        results=lambda wildcards: TESTED[wildcards.comparison],
    output:
        report(
            "<results>/tests/{comparison}.txt",
            caption="../docs/report/tests.rst",
            category="Tests of results",
        ),
    log:
        "<logs>/test_results/{comparison}.log",
    benchmark:
        "<benchmarks>/test_results/{comparison}.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(10),
    params:
        code=code_of("test_results"),
    script:
        "../workflow_scripts/test_results.py"
