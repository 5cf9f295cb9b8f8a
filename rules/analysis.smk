# analysis
rule safarani2021:
    input:
        expand("<results>/evaluations/corruptions/{network}.nc", network=[*STUDY.roles.values()]),
        expand("<results>/evaluations/prediction/{network}.nc", network=[STUDY.predictor]),
