# From evaluations to scores, tests and tables.
# In:  results/evaluations/
# Out: results/analysis/safarani2021/, results/tables/safarani2021/

SWEPT = {role: EXPERIMENT.sweep_members(sweep) for role, sweep in STUDY.ratios.items()}
POINTS = [
    STUDY.roles["baseline"],
    *[name for names in SWEPT.values() for name in names],
]


rule score_robustness:
    """Score every network of the study relative to Baseline, with bootstrap intervals."""
    input:
        unpack(role_evaluations),
    output:
        "<results>/analysis/safarani2021/scores.nc",
    log:
        "<logs>/score_robustness/safarani2021.log",
    benchmark:
        "<benchmarks>/score_robustness/safarani2021.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(30),
    params:
        repetitions=STUDY.bootstrap,
        code=code_of("score_robustness"),
    script:
        "../workflow_scripts/score_robustness.py"


rule regress_robustness:
    """Regress robustness on clean accuracy and neural performance over batch ratios (Fig. 3C)."""
    input:
        corruptions=expand(
            "<results>/evaluations/corruptions/{network}.nc", network=POINTS
        ),
        predictions=expand(
            "<results>/evaluations/prediction/{network}.nc", network=POINTS[1:]
        ),
    output:
        points="<results>/analysis/safarani2021/points.csv",
        lines="<results>/analysis/safarani2021/lines.csv",
        regressions="<results>/tables/safarani2021/regressions.csv",
    log:
        "<logs>/regress_robustness/safarani2021.log",
    benchmark:
        "<benchmarks>/regress_robustness/safarani2021.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(30),
    params:
        networks=POINTS,
        sweeps={name: role for role, names in SWEPT.items() for name in names},
        code=code_of("regress_robustness"),
    script:
        "../workflow_scripts/regress_robustness.py"


rule tabulate_scores:
    """Write Tables 1 to 3 and the scores by corruption."""
    input:
        "<results>/analysis/safarani2021/scores.nc",
    output:
        table1="<results>/tables/safarani2021/table1.csv",
        table2=report(
            "<results>/tables/safarani2021/table2.csv",
            caption="../docs/report/table2.rst",
            category="Safarani 2021",
            subcategory="Tables",
        ),
        table3=report(
            "<results>/tables/safarani2021/table3.csv",
            caption="../docs/report/table3.rst",
            category="Safarani 2021",
            subcategory="Tables",
        ),
        corruptions="<results>/tables/safarani2021/corruptions.csv",
    log:
        "<logs>/tabulate_scores/safarani2021.log",
    benchmark:
        "<benchmarks>/tabulate_scores/safarani2021.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        recipes={
            role: EXPERIMENT.describe(name)
            for role, name in {**STUDY.roles, "predictor": STUDY.predictor}.items()
        },
        code=code_of("tabulate_scores"),
    script:
        "../workflow_scripts/tabulate_scores.py"


rule quantify_robustness:
    """Name every number of the study that a claim may speak about."""
    input:
        scores="<results>/analysis/safarani2021/scores.nc",
        regressions="<results>/tables/safarani2021/regressions.csv",
    output:
        "<results>/analysis/safarani2021/quantities.csv",
    log:
        "<logs>/quantify_robustness/safarani2021.log",
    benchmark:
        "<benchmarks>/quantify_robustness/safarani2021.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code_of("quantify_robustness"),
    script:
        "../workflow_scripts/quantify_robustness.py"
