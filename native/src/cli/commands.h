/* The commands' options and functions, one pair per row of bw_cli_commands. */
#ifndef BW_CLI_COMMANDS_H
#define BW_CLI_COMMANDS_H

#include "cli/cli.h"

extern const bw_cli_option bw_cli_train_options[], bw_cli_select_options[];
extern const bw_cli_option bw_cli_predict_options[], bw_cli_validate_options[], bw_cli_info_options[];
extern const bw_cli_option bw_cli_score_options[], bw_cli_compare_options[];
extern const bw_cli_option bw_cli_objects_options[];
extern const bw_cli_option bw_cli_train_objects_options[], bw_cli_classify_objects_options[];
extern const bw_cli_option bw_cli_measure_options[], bw_cli_convert_options[];

int bw_cli_run_train(bw_cli_call *call);
int bw_cli_run_select(bw_cli_call *call);
int bw_cli_run_predict(bw_cli_call *call);
int bw_cli_run_validate(bw_cli_call *call);
int bw_cli_run_info(bw_cli_call *call);
int bw_cli_run_score(bw_cli_call *call);
int bw_cli_run_measure(bw_cli_call *call);
int bw_cli_run_objects(bw_cli_call *call);
int bw_cli_run_convert(bw_cli_call *call);
int bw_cli_run_compare(bw_cli_call *call);
int bw_cli_run_train_objects(bw_cli_call *call);
int bw_cli_run_classify_objects(bw_cli_call *call);

#endif
