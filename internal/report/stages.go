package report

// stagesView is what took the time.
type stagesView struct {
	Bars  []bar
	Total string
}

// unlisted is how many seconds there may be that no stage has, before they are worth a line.
const unlisted = 1

// seconds that the build took.
func seconds(in Input) float64 {
	sum := stageSeconds(in.Stages)
	if in.Started.IsZero() || in.Finished.IsZero() {
		return sum
	}
	return max(in.Finished.Sub(in.Started).Seconds(), sum)
}

func stageSeconds(stages []Stage) float64 {
	var sum float64
	for _, s := range stages {
		sum += s.Seconds
	}
	return sum
}

func newStagesView(in Input) *stagesView {
	if len(in.Stages) == 0 {
		return nil
	}
	stages := in.Stages
	total := seconds(in)
	if rest := total - stageSeconds(stages); rest > unlisted {
		stages = append(stages[:len(stages):len(stages)], Stage{Name: "Provisioners, and what lies between the stages", Seconds: rest})
	}
	var longest float64
	for _, s := range stages {
		longest = max(longest, s.Seconds)
	}
	v := &stagesView{Total: duration(total)}
	for _, s := range stages {
		v.Bars = append(v.Bars, bar{
			Name: s.Name, Size: duration(s.Seconds), Share: share(int64(s.Seconds*1000), int64(total*1000)),
			Length: percent(s.Seconds, longest),
		})
	}
	return v
}
