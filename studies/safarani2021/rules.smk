# Figures, each as PDF and PNG.
# In:  results/analysis/safarani2021/, results/evaluations/
# Out: results/figures/safarani2021/{figure}.{pdf,png}

FIGURES = ["fig2", "fig3", "fig8", "fig9", "learning", "prediction", "reliability"]
COMPARED = [
    role for role in STUDY.roles if role != "mtl-real"
]  # MTL-Real stands in Table 3 alone
PREDICTORS = {
    role: name
    for role, name in {"monkey-predictor": STUDY.predictor, **STUDY.roles}.items()
    if EXPERIMENT.recording_of(name) is not None
}
STUDY_IMAGES = EXPERIMENT.networks[STUDY.roles["baseline"]].images
STUDY_RECORDING = EXPERIMENT.recording_of(STUDY.predictor)


rule draw_exemplary_severities:
    """Draw Fig. 2: accuracy by severity for MTL-Monkey's best, median and worst corruption."""
    input:
        "<results>/analysis/safarani2021/scores.nc",
    output:
        **figure_files("fig2"),
    log:
        "<logs>/draw_exemplary_severities.log",
    benchmark:
        "<benchmarks>/draw_exemplary_severities.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        networks=COMPARED,
        example="mtl-monkey",
        scale=CONFIG.scale,
        code=code_of("draw_exemplary_severities"),
    script:
        "../workflow_scripts/draw_exemplary_severities.py"


rule draw_robustness:
    """Draw Fig. 3: robustness scores by group and in total, and against neural performance."""
    input:
        scores="<results>/analysis/safarani2021/scores.nc",
        points="<results>/analysis/safarani2021/points.csv",
        lines="<results>/analysis/safarani2021/lines.csv",
    output:
        **figure_files("fig3"),
    log:
        "<logs>/draw_robustness.log",
    benchmark:
        "<benchmarks>/draw_robustness.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        networks=COMPARED,
        scale=CONFIG.scale,
        code=code_of("draw_robustness"),
    script:
        "../workflow_scripts/draw_robustness.py"


rule draw_all_severities:
    """Draw Fig. 8: accuracy by severity for every corruption."""
    input:
        "<results>/analysis/safarani2021/scores.nc",
    output:
        **figure_files("fig8"),
    log:
        "<logs>/draw_all_severities.log",
    benchmark:
        "<benchmarks>/draw_all_severities.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        networks=COMPARED,
        scale=CONFIG.scale,
        code=code_of("draw_all_severities"),
    script:
        "../workflow_scripts/draw_all_severities.py"


rule draw_corruption_examples:
    """Draw Fig. 9: one test image under every corruption."""
    input:
        f"<results>/evaluations/examples/{STUDY_IMAGES}.nc",
    output:
        **figure_files("fig9"),
    log:
        "<logs>/draw_corruption_examples.log",
    benchmark:
        "<benchmarks>/draw_corruption_examples.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        scale=CONFIG.scale,
        code=code_of("draw_corruption_examples"),
    script:
        "../workflow_scripts/draw_corruption_examples.py"


rule draw_learning:
    """Draw the learning curves of the study's networks."""
    input:
        "<results>/evaluations/learning/safarani2021.nc",
    output:
        **figure_files("learning"),
    log:
        "<logs>/draw_learning.log",
    benchmark:
        "<benchmarks>/draw_learning.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        scale=CONFIG.scale,
        code=code_of("draw_learning"),
    script:
        "../workflow_scripts/draw_learning.py"


rule draw_prediction:
    """Draw how well networks predict the recording's held-out responses."""
    input:
        **{
            role: f"<results>/evaluations/prediction/{name}.nc"
            for role, name in PREDICTORS.items()
        },
    output:
        **figure_files("prediction"),
    log:
        "<logs>/draw_prediction.log",
    benchmark:
        "<benchmarks>/draw_prediction.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        scale=CONFIG.scale,
        code=code_of("draw_prediction"),
    script:
        "../workflow_scripts/draw_prediction.py"


rule draw_reliability:
    """Draw the reliability of the recording's neuroids."""
    input:
        f"<results>/evaluations/reliability/{STUDY_RECORDING}.nc",
    output:
        **figure_files("reliability"),
    log:
        "<logs>/draw_reliability.log",
    benchmark:
        "<benchmarks>/draw_reliability.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        scale=CONFIG.scale,
        code=code_of("draw_reliability"),
    script:
        "../workflow_scripts/draw_reliability.py"


rule safarani2021:
    """Build the study of Safarani et al. 2021: figures, tables and claims."""
    input:
        expand(
            "<results>/figures/safarani2021/{figure}.{ending}",
            figure=FIGURES,
            ending=["pdf", "png"],
        ),
        rules.tabulate_scores.output,
        rules.regress_robustness.output.regressions,
        expand("<results>/claims/safarani2021.{ending}", ending=["csv", "md"]),
        "<results>/tests/safarani2021.txt",
